using Polymath.Features;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>A way of learning a task that a study compares with others. One file a method; <see cref="StudyMethods"/> is the register.</summary>
public interface IStudyMethod
{
    /// <summary>The name that options use, such as "tfidf".</summary>
    string Name { get; }

    /// <summary>The name for people, such as "TF-IDF".</summary>
    string Title { get; }

    /// <summary>What it does, in a sentence.</summary>
    string Description { get; }

    /// <summary>Everything besides rows, seed and backbone that its answers depend on; another text makes finished cells count no more.</summary>
    string Settings { get; }

    /// <summary>Whether it reads a backbone.</summary>
    bool NeedsBackbone { get; }

    /// <summary>Whether it trains the whole network, so that each task has one of its own.</summary>
    bool TrainsEverything { get; }

    /// <summary>Whether a cell takes long: such a method runs at one split, one seed and one size unless a full study is asked for, and is left out where time is short.</summary>
    bool IsCostly => TrainsEverything;

    /// <summary>Whether it is meant for few rows: where it runs at one size, that is the smallest, else the largest.</summary>
    bool ForFewRows => false;

    /// <summary>Whether it can learn a task of this kind from so many rows.</summary>
    bool Supports(StudyTask task, int rows);

    /// <summary>About how long one cell takes, in seconds, the backbone's features apart.</summary>
    /// <param name="task">The task.</param>
    /// <param name="rows">Training rows.</param>
    /// <param name="testRows">Test rows.</param>
    /// <param name="speed">What was measured on this machine.</param>
    double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed);

    /// <summary>Learns from a cell's training rows and answers its test rows.</summary>
    /// <param name="cell">Rows, seed, backbone and shared features.</param>
    /// <param name="cancellation">Stops the work; nothing of the cell is kept then.</param>
    /// <exception cref="PolymathException">The rows do not suffice; the study goes on without this cell.</exception>
    StudyResult Run(StudyCell cell, CancellationToken cancellation);
}

/// <summary>What a method works on.</summary>
/// <param name="Task">The task.</param>
/// <param name="Train">Row numbers to learn from.</param>
/// <param name="Test">Row numbers to answer.</param>
/// <param name="Seed">Decides everything drawn.</param>
public sealed record StudyCell(StudyTask Task, int[] Train, int[] Test, int Seed)
{
    /// <summary>The frozen encoder, its folder in <see cref="Backbone.Folder"/>; null where the study has none.</summary>
    public Backbone? Backbone { get; init; }

    /// <summary>Features of all rows, computed once for all cells.</summary>
    public FeatureStore? Store { get; init; }

    /// <summary>What was measured on this machine.</summary>
    public StudySpeed Speed { get; init; } = new();

    /// <summary>Told of stages.</summary>
    public IProgress<WorkProgress>? Progress { get; init; }

    /// <summary>The rows to learn from with their classes, labels or values; not for tagging.</summary>
    public LabelledRows TrainData => (Task.Data ?? throw new InvalidOperationException("a tagging task has sentences")).Take(Train);

    /// <summary>The rows to answer; what is true of them is not for a method to see.</summary>
    public IReadOnlyList<Row> TestRows => [.. Test.Select(row => Task.Rows[row])];

    /// <summary>The sentences to learn from, for tagging.</summary>
    public IReadOnlyList<TaggedSentence> TrainSentences => [.. Train.Select(row => Task.Sentences[row])];

    /// <summary>The sentences to answer, without their tags.</summary>
    public IReadOnlyList<TaggedSentence> TestSentences => [.. Test.Select(row => Task.Sentences[row] with { Tags = null })];

    /// <summary>What is true of the rows to learn from.</summary>
    public IReadOnlyList<RowAnswer> TrainTruth => [.. Train.Select(row => Task.Truth[row])];

    /// <summary>The backbone, which this method cannot do without.</summary>
    internal Backbone RequiredBackbone => Backbone ?? throw new PolymathException("this method reads a model and none was given; name one with --model");
}

/// <summary>What a method gave on one cell.</summary>
public sealed record StudyResult
{
    /// <summary>An answer for each test row.</summary>
    public required IReadOnlyList<RowAnswer> Answers { get; init; }

    /// <summary>Numbers that were learned.</summary>
    public required long Parameters { get; init; }

    /// <summary>Bytes that the task adds to the disk, a shared backbone apart.</summary>
    public required long Bytes { get; init; }

    /// <summary>Seconds to learn, with the time that the training rows' features take where the method reads features.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Seconds to answer one row, with its features.</summary>
    public required double PredictSeconds { get; init; }

    /// <summary>What it chose, such as the layers, in words; may be empty.</summary>
    public string Notes { get; init; } = "";
}
