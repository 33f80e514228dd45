using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>The head that is trained on frozen features.</summary>
public enum HeadMethod
{
    /// <summary>
    /// The linear model that suits the kind of task, at its optimum with regularisation by cross-validation: multinomial logistic regression, one
    /// logistic regression a label, or ridge regression.
    /// </summary>
    LogisticRegression,
    /// <summary>The class whose mean is nearest; a new class costs one mean.</summary>
    NearestMean,
    /// <summary>Linear discriminant analysis from additive statistics; no gradient.</summary>
    Lda,
    /// <summary>Softmax regression by gradient steps over streamed features, for data that does not fit memory.</summary>
    Gradient,
}

/// <summary>How a task is learned by feature extraction. The defaults search layers, pooling and regularisation by cross-validation on the training rows.</summary>
public sealed record FeatureExtractionOptions
{
    /// <summary>The layers to read; null searches a small set.</summary>
    public LayerMix? Layers { get; init; }

    /// <summary>The pooling; null searches, except where <see cref="Layers"/> is given: then it is the folder's own.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>The head.</summary>
    public HeadMethod Head { get; init; }

    /// <summary>How two texts become one vector, where rows are pairs; null searches.</summary>
    public PairEncoding? Pairs { get; init; }

    /// <summary>What the rows' labels are: classes, lists, numbers; null recognises it.</summary>
    public TaskKind? Kind { get; init; }

    /// <summary>What the search optimises; where it does not measure the kind of task, the kind's main metric (<see cref="TaskMetrics.Main"/>).</summary>
    public Metric Metric { get; init; } = Metric.Accuracy;

    /// <summary>Whether each class's rows count inversely to their number.</summary>
    public bool BalancedWeights { get; init; }

    /// <summary>Values of C to try, or penalties for regression; empty takes the head's own, such as <see cref="LogisticRegression.DefaultGrid"/>.</summary>
    public IReadOnlyList<double> Grid { get; init; } = [];

    /// <summary>Folds of the cross-validation of the finalists.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Decides folds and samples.</summary>
    public int Seed { get; init; }

    /// <summary>Name of one of the folder's prompts; null for its default.</summary>
    public string? Prompt { get; init; }

    /// <summary>Whether texts beyond the token limit are split and pooled instead of cut.</summary>
    public bool Chunk { get; init; }

    /// <summary>Where features are kept; null keeps them in memory for the length of the call.</summary>
    public FeatureStore? Store { get; init; }

    /// <summary>Above this many bytes of training features the head is trained by gradient steps over streamed features.</summary>
    public long MaxFeatureBytes { get; init; } = 2L << 30;

    internal Metric MetricFor(TaskKind kind) => TaskMetrics.WantedOrMain(kind, Metric);

    internal FeatureOptions FeatureOptions(IReadOnlyList<Pooling> poolings, FeatureStore? store) =>
        new() { Poolings = poolings, Prompt = Prompt, Chunk = Chunk, Store = store };
}
