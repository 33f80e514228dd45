namespace Polymath.Evaluation;

/// <summary>What a task of any kind said about rows whose truth is known: the value that every metric, interval and comparison reads.</summary>
public abstract class TaskOutcomes
{
    private protected TaskOutcomes() { }

    /// <summary>The number of rows.</summary>
    public abstract int Rows { get; }

    /// <summary>All rows of several parts, such as the folds of a cross-validation, as one.</summary>
    /// <exception cref="ArgumentException">The parts are of different kinds or classes, or there is none.</exception>
    public static TaskOutcomes Join(IReadOnlyList<TaskOutcomes> parts)
    {
        ArgumentOutOfRangeException.ThrowIfZero(parts.Count, nameof(parts));
        if (parts.Any(part => part.GetType() != parts[0].GetType())) throw new ArgumentException("the parts are of different kinds");
        return parts[0].JoinAll(parts);
    }

    private protected abstract TaskOutcomes JoinAll(IReadOnlyList<TaskOutcomes> parts);

    /// <summary>A metric's value where each row counts as often as <paramref name="counts"/> says; empty: once.</summary>
    internal abstract double Measure(Metric metric, ReadOnlySpan<int> counts);

    /// <summary>Whether the other outcomes are of the same kind and the same rows, as far as the truth tells.</summary>
    internal abstract bool SameTruth(TaskOutcomes other);

    internal static PolymathException NotFor(Metric metric, string kind) => new($"metric {metric.Name()} does not measure {kind}; expected another metric");
}
