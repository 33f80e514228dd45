namespace Polymath.Tasks;

/// <summary>A label with its probability.</summary>
/// <param name="Label">The name.</param>
/// <param name="Probability">Between 0 and 1.</param>
public readonly record struct Scored(string Label, double Probability);

/// <summary>What a task says about one row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Ranked">All classes or labels, the most probable first; empty where the task predicts a number.</param>
public sealed record Prediction(Row Row, IReadOnlyList<Scored> Ranked)
{
    /// <summary>The most probable class.</summary>
    public string Label => Ranked[0].Label;

    /// <summary>Its probability.</summary>
    public double Probability => Ranked[0].Probability;

    /// <summary>Of a task with several labels a row those that reach their thresholds, the most probable first; null for other kinds.</summary>
    public IReadOnlyList<Scored>? Labels { get; init; }

    /// <summary>The number that a regression predicts; null for other kinds.</summary>
    public double? Value { get; init; }

    /// <summary>Whether the row belongs to any of the classes; null where the task does not tell.</summary>
    public bool? InScope { get; init; }

    /// <summary>How much the row looks like those that the task was learned from; null where the task does not tell.</summary>
    public double? ScopeScore { get; init; }

    /// <summary>Whether the task would rather not answer at this threshold.</summary>
    public bool Abstains(double threshold) => Probability < threshold;
}
