namespace Polymath.Tasks.Scope;

/// <summary>How rows that belong to none of a task's classes are told.</summary>
public sealed record OutOfScopeOptions
{
    /// <summary>
    /// The scores; of several the mean, each brought to mean 0 and deviation 1 on the in-scope rows that the threshold is set on. Empty takes
    /// <see cref="OnFeatures"/>, or <see cref="OnLogits"/> where a task has no features.
    /// </summary>
    public IReadOnlyList<ScopeScore> Scores { get; init; } = [];

    /// <summary>The default on features: among the scores that were compared the best where classes, or whole domains, were left out of training (benchmark out-of-scope).</summary>
    public static IReadOnlyList<ScopeScore> OnFeatures { get; } = [ScopeScore.Probability, ScopeScore.NearestRow];

    /// <summary>The default on logits alone.</summary>
    public static IReadOnlyList<ScopeScore> OnLogits { get; } = [ScopeScore.Probability];

    /// <summary>The share of in-scope rows that the threshold keeps, between 0 and 1.</summary>
    public double KeepRate { get; init; } = 0.95;

    /// <summary>Decides the folds where the threshold is set by cross-fitting.</summary>
    public int Seed { get; init; }

    internal OutOfScopeOptions For(bool features) => Scores.Count > 0 ? this : this with { Scores = features ? OnFeatures : OnLogits };
}

/// <summary>How well in-scope and out-of-scope rows are told apart.</summary>
/// <param name="Auroc">The chance that an in-scope row scores above an out-of-scope row.</param>
/// <param name="Kept">The share of in-scope rows at or above the threshold.</param>
/// <param name="Caught">The share of out-of-scope rows below the threshold.</param>
/// <param name="InScopeRows">Rows of the task's classes.</param>
/// <param name="OutOfScopeRows">Rows of none of them.</param>
public sealed record ScopeReport(double Auroc, double Kept, double Caught, int InScopeRows, int OutOfScopeRows);
