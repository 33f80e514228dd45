using Polymath.Evaluation;

namespace Polymath.Study;

/// <summary>A score at one training size.</summary>
/// <param name="Size">The size.</param>
/// <param name="Rows">The mean number of training rows.</param>
/// <param name="Interval">The score with its interval.</param>
public sealed record SizePoint(StudySize Size, double Rows, ConfidenceInterval Interval);

/// <summary>The score of a probe of one layer.</summary>
/// <param name="Layer">0 after the embeddings, then the blocks.</param>
/// <param name="Interval">The score with its interval.</param>
public sealed record LayerPoint(int Layer, ConfidenceInterval Interval);

/// <summary>A row that a method got wrong.</summary>
/// <param name="Row">The row's number in the task.</param>
/// <param name="Truth">What is true of it, in words.</param>
/// <param name="Answer">What the method says, in words.</param>
/// <param name="Certainty">The probability of the answer, or how far off it is; what the list is sorted by.</param>
public sealed record Mistake(int Row, string Truth, string Answer, double Certainty);

/// <summary>One method on one task, at the largest size it ran at.</summary>
public sealed record MethodSummary
{
    /// <summary>The method.</summary>
    public required IStudyMethod Method { get; init; }

    /// <summary>The score with its interval.</summary>
    public required ConfidenceInterval Interval { get; init; }

    /// <summary>Rows that it was measured on.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows that it learned from, the mean over cells.</summary>
    public required int TrainRows { get; init; }

    /// <summary>Whether it learned from as many rows as any other; only such methods are recommended.</summary>
    public bool AtLargest { get; init; } = true;

    /// <summary>Splits and seeds that it ran on, in words.</summary>
    public required string Splits { get; init; }

    /// <summary>Numbers that were learned, the mean over cells.</summary>
    public required long Parameters { get; init; }

    /// <summary>Bytes on disk, the mean over cells.</summary>
    public required long Bytes { get; init; }

    /// <summary>Seconds to learn, the mean over cells.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Seconds to answer a row, the mean over cells.</summary>
    public required double PredictSeconds { get; init; }

    /// <summary>The paired difference to the best method without a backbone at the same training size; null for that one and where no row is shared.</summary>
    public PairedComparison? AgainstSimple { get; init; }

    /// <summary>The score by training size, smallest first.</summary>
    public IReadOnlyList<SizePoint> Sizes { get; init; } = [];

    /// <summary>What it chose most often.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Further measures by name.</summary>
    public IReadOnlyDictionary<string, double> Also { get; init; } = new Dictionary<string, double>();

    internal StudySize Largest { get; init; }

    internal IReadOnlyDictionary<StudySize, MeasuredRows> BySize { get; init; } = new Dictionary<StudySize, MeasuredRows>();

    internal MeasuredRows Measured => BySize[Largest];

    /// <summary>Answers of the first seed by row number.</summary>
    internal IReadOnlyDictionary<int, RowAnswer> Answers => Measured.First;
}

/// <summary>Everything that was found out about one task.</summary>
public sealed record StudySummary
{
    /// <summary>The task.</summary>
    public required StudyTask Task { get; init; }

    /// <summary>The name of the score with its unit.</summary>
    public required string Score { get; init; }

    /// <summary>The methods that ran, simplest first.</summary>
    public required IReadOnlyList<MethodSummary> Methods { get; init; }

    /// <summary>Which of them is recommended; null where none ran.</summary>
    public Recommendation? Recommendation { get; init; }

    /// <summary>The probes of all layers.</summary>
    public IReadOnlyList<LayerPoint> Layers { get; init; } = [];

    /// <summary>What did not run, and why.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>The best of the methods without a backbone; null where none ran.</summary>
    internal MethodSummary? BestSimple => BestSimpleOf(Methods);

    internal static MethodSummary? BestSimpleOf(IEnumerable<MethodSummary> methods) => methods.Where(method => !method.Method.NeedsBackbone).MaxBy(method => method.Interval.Value);

    /// <summary>The recommended method's summary.</summary>
    public MethodSummary? Recommended => Recommendation is null ? null : Methods[Recommendation.Method];

    /// <summary>Summaries of all tasks of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="finished">Its cells, in any order.</param>
    public static IReadOnlyList<StudySummary> Of(StudyPlan plan, IReadOnlyList<FinishedCell> finished) => [.. plan.Tasks.Select(task => Summarizer.Summarize(plan, task, [.. finished.Where(cell => ReferenceEquals(cell.Cell.Task, task))]))];
}
