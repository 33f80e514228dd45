using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>What feature extraction chose and how it got there.</summary>
/// <param name="Recipe">How features are read.</param>
/// <param name="Head">The trained head.</param>
/// <param name="C">Its regularisation; NaN for heads without one.</param>
/// <param name="CrossValidated">Cross-validated score of the choice on the training rows; NaN for heads that are not cross-validated.</param>
/// <param name="Candidates">Everything that was compared, best first.</param>
/// <param name="Report">What the backbone had to do.</param>
internal sealed record ExtractedHead(FeatureRecipe Recipe, IHead Head, double C, double CrossValidated, IReadOnlyList<FeatureCandidate> Candidates, FeatureReport Report)
{
    /// <summary>The sums that the head was made of, where it was made of sums.</summary>
    public IReadOnlyList<(string Name, int[] Shape, double[] Values)> Statistics { get; init; } = [];

    /// <summary>The least probability of each label, where a row may have several; else null.</summary>
    public IReadOnlyList<double>? Thresholds { get; init; }
}

/// <summary>Feature extraction: the backbone stays as it is, a new head is trained on its features.</summary>
public static class FeatureExtraction
{
    /// <summary>
    /// Learns a task: features of all layers are computed once, layers, pooling and regularisation are chosen by cross-validation on
    /// <paramref name="rows"/>, and the head is brought to its optimum on all of them.
    /// </summary>
    /// <param name="backbone">The frozen encoder.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Labelled rows: of at least two classes, with lists of labels, or with numbers.</param>
    /// <param name="options">Choices; the defaults search.</param>
    /// <param name="progress">Told of every stage.</param>
    /// <param name="cancellation">Stops between batches and solver steps.</param>
    /// <exception cref="PolymathException">Rows without a label, one class only, layers that do not exist.</exception>
    public static Task<LearnedTask> ExtractFeaturesAsync(this Backbone backbone, string name, IEnumerable<Row> rows,
        FeatureExtractionOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => ExtractFeatures(backbone, name, rows, options, progress, cancellation), cancellation);

    /// <summary>As <see cref="ExtractFeaturesAsync"/>, on the calling thread.</summary>
    public static LearnedTask ExtractFeatures(Backbone backbone, string name, IEnumerable<Row> rows,
        FeatureExtractionOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        ExtractFeatures(backbone, name, LabelledRows.OfKind(rows, options?.Kind), options, progress, cancellation);

    /// <summary>As <see cref="ExtractFeaturesAsync"/>, on the calling thread, of rows whose labels have been read.</summary>
    public static LearnedTask ExtractFeatures(Backbone backbone, string name, LabelledRows data,
        FeatureExtractionOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new FeatureExtractionOptions();
        data.RequireHead();
        options.Layers?.Check(backbone.Config.Layers);
        using var own = options.Store is null ? FeatureStore.InMemory(new FeatureStoreOptions { MaxBytes = long.MaxValue }) : null;
        var store = options.Store ?? own!;
        var mix = options.Layers is { IsToBeLearned: true } ? LearnedMix.Learn(backbone, data, options, store, progress, cancellation) : null;
        if (mix is not null) options = options with { Layers = mix.Fit.Mix, Pooling = mix.Pooling, Pairs = data.Pairs ? PairEncoding.Joint : options.Pairs };
        var found = new FeatureExtractionRun(backbone, data, options, store, progress, cancellation).Fit();
        var task = LearnedTask.FromFeatures(name, backbone, data, options, found);
        return mix is null ? task : task.WithMix(mix.Fit, mix.Report);
    }
}
