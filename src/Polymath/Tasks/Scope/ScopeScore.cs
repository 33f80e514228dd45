namespace Polymath.Tasks.Scope;

/// <summary>How much a row looks like the rows that a task was learned from; higher is more so.</summary>
public enum ScopeScore
{
    /// <summary>The largest class probability (Hendrycks and Gimpel 2017).</summary>
    Probability,
    /// <summary>The largest logit (Hendrycks et al. 2022, "Scaling out-of-distribution detection for real-world settings").</summary>
    Logit,
    /// <summary>log Σ exp(logit), the negative energy (Liu et al. 2020).</summary>
    Energy,
    /// <summary>Cosine to the nearest training row; the training rows' features are kept with the task.</summary>
    NearestRow,
    /// <summary>Minus the squared Mahalanobis distance to the nearest class mean, covariance shared by the classes (Lee et al. 2018).</summary>
    ClassDistance,
}

/// <summary>Names of <see cref="ScopeScore"/>.</summary>
public static class ScopeScores
{
    private static readonly (ScopeScore Score, string Name)[] s_names =
    [
        (ScopeScore.Probability, "probability"), (ScopeScore.Logit, "logit"), (ScopeScore.Energy, "energy"),
        (ScopeScore.NearestRow, "nearest-row"), (ScopeScore.ClassDistance, "class-distance"),
    ];

    /// <summary>The name used on the command line and in files.</summary>
    public static string Name(this ScopeScore score) => s_names.First(pair => pair.Score == score).Name;

    /// <summary>Whether the score reads features, and not the logits alone.</summary>
    public static bool ReadsFeatures(this ScopeScore score) => score is ScopeScore.NearestRow or ScopeScore.ClassDistance;

    /// <summary>Reads names separated by '+', such as <c>logit+nearest-row</c>.</summary>
    /// <exception cref="PolymathException">A name is not known or given twice.</exception>
    public static IReadOnlyList<ScopeScore> Parse(string text)
    {
        ScopeScore[] scores = [.. text.Split('+', StringSplitOptions.TrimEntries).Select(One)];
        return scores.Distinct().Count() == scores.Length ? scores : throw new PolymathException($"'{OneLine.Short(text)}': a score is given twice");
    }

    private static ScopeScore One(string name)
    {
        foreach (var (score, known) in s_names)
            if (known.Equals(name, StringComparison.OrdinalIgnoreCase)) return score;
        throw new PolymathException($"scope score '{OneLine.Short(name)}' is unknown; expected one or several of {string.Join(", ", s_names.Select(pair => pair.Name))}, joined by '+'");
    }
}
