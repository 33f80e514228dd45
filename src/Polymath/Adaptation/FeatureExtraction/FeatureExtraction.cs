using Polymath.Backbones;
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
internal sealed record ExtractedHead(FeatureRecipe Recipe, IHead Head, double C, double CrossValidated, IReadOnlyList<FeatureCandidate> Candidates, FeatureReport Report);

/// <summary>Feature extraction: the backbone stays as it is, a new head is trained on its features.</summary>
public static partial class FeatureExtraction
{
    /// <summary>
    /// Learns a task: features of all layers are computed once, layers, pooling and regularisation are chosen by cross-validation on
    /// <paramref name="rows"/>, and the head is brought to its optimum on all of them.
    /// </summary>
    /// <param name="backbone">The frozen encoder.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Labelled rows, at least two classes.</param>
    /// <param name="options">Choices; the defaults search.</param>
    /// <param name="progress">Told of every stage.</param>
    /// <param name="cancellation">Stops between batches and solver steps.</param>
    /// <exception cref="PolymathException">Rows without a label, one class only, layers that do not exist.</exception>
    public static Task<LearnedTask> ExtractFeaturesAsync(this Backbone backbone, string name, IEnumerable<Row> rows,
        FeatureExtractionOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => ExtractFeatures(backbone, name, rows, options, progress, cancellation), cancellation);

    /// <summary>As <see cref="ExtractFeaturesAsync"/>, on the calling thread.</summary>
    public static LearnedTask ExtractFeatures(Backbone backbone, string name, IEnumerable<Row> rows,
        FeatureExtractionOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new FeatureExtractionOptions();
        var data = LabelledRows.From(rows);
        var found = Fit(backbone, data, options, progress, cancellation);
        return LearnedTask.FromFeatures(name, backbone, data, options, found);
    }

    internal static ExtractedHead Fit(Backbone backbone, LabelledRows data, FeatureExtractionOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        options.Layers?.Check(backbone.Config.Layers);
        using var own = options.Store is null ? FeatureStore.InMemory(new FeatureStoreOptions { MaxBytes = long.MaxValue }) : null;
        var candidates = FeatureSearch.Candidates(backbone, options);
        Pooling[] poolings = [.. candidates.Select(candidate => candidate.Pooling).Distinct()];
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions(poolings, options.Store ?? own!));
        var search = new FeatureSearch(backbone, options, data.Labels, data.Classes);

        // First pass: everything goes through the network once; the sample's layers stay in memory.
        var sample = candidates.Count > 1 ? search.Sample() : [];
        var sampled = Collect(extractor, data, sample, poolings, progress, cancellation);
        var ranked = candidates.Count == 1 ? [new FeatureCandidate(candidates[0], double.NaN, double.NaN, double.NaN)]
            : search.Screen(sample, recipe => Mix(backbone, recipe, sampled[recipe.Pooling], sample.Length), candidates, progress, cancellation);

        var widest = ranked[0].Recipe.Width(backbone);
        if (options.Head == HeadMethod.Gradient || (long)data.Rows.Count * widest * sizeof(float) > options.MaxFeatureBytes)
            return Streamed(backbone, data, options, ranked, progress, cancellation, options.Store ?? own!, extractor.Report);
        return options.Head == HeadMethod.LogisticRegression
            ? Logistic(backbone, data, options, search, ranked, progress, cancellation, options.Store ?? own!, extractor.Report)
            : ByStatistics(backbone, data, options, ranked, progress, cancellation, options.Store ?? own!, extractor.Report);
    }

    /// <summary>The finalists' features are mixed from the store one after another, cross-validated on all rows, and the best is fitted.</summary>
    private static ExtractedHead Logistic(Backbone backbone, LabelledRows data, FeatureExtractionOptions options, FeatureSearch search, List<FeatureCandidate> ranked,
        IProgress<WorkProgress>? progress, CancellationToken cancellation, FeatureStore store, FeatureReport report)
    {
        (FeatureCandidate Candidate, FeatureMatrix X, CrossValidation Found)? best = null;
        var finalists = FeatureSearch.PickFinalists(ranked);
        for (var f = 0; f < finalists.Length; f++)
        {
            var x = Read(backbone, finalists[f], data, options, store, cancellation);
            var at = f;
            var found = search.Validate(x, progress is null ? null : new Relay(share => progress.Report(new WorkProgress("cross-validation", (long)((at + share) * 100), finalists.Length * 100))), cancellation);
            var candidate = ranked.First(c => c.Recipe == finalists[at]) with { CrossValidated = found.BestScore, C = found.BestC };
            ranked[ranked.FindIndex(c => c.Recipe == finalists[at])] = candidate;
            if (best is null || Evaluation.Metrics.IsBetter(options.Metric, found.BestScore, best.Value.Found.BestScore)) best = (candidate, x, found);
        }
        var (chosen, features, validated) = best!.Value;
        progress?.Report(new WorkProgress("final fit", 0, 1));
        var head = LogisticRegression.Fit(features, data.Labels, data.Classes, new LogisticRegressionOptions
        {
            C = validated.BestC,
            Start = validated.Start,
            ClassWeights = options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null,
            DoublePrecision = (long)features.Rows * features.Columns * data.Classes < 200_000_000,
            Tolerance = 1e-7,
        }, cancellation);
        progress?.Report(new WorkProgress("final fit", 1, 1));
        return new ExtractedHead(chosen.Recipe, head, validated.BestC, validated.BestScore, search.Ranked(ranked, c => double.IsNaN(c.CrossValidated) ? double.NegativeInfinity : c.CrossValidated), report);
    }

    /// <summary>All rows' features under one recipe.</summary>
    internal static FeatureMatrix Read(Backbone backbone, FeatureRecipe recipe, LabelledRows data, FeatureExtractionOptions options, FeatureStore store, CancellationToken cancellation)
    {
        var width = recipe.Width(backbone);
        var values = new float[checked(data.Rows.Count * width)];
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions([recipe.Pooling], store));
        var at = 0;
        foreach (var block in extractor.Extract(data.Rows, cancellation: cancellation))
        {
            var mixed = recipe.Apply(backbone, block);
            mixed.Values.CopyTo(values.AsSpan(at));
            at += mixed.Values.Length;
        }
        return new FeatureMatrix(values, data.Rows.Count, width);
    }

    private static Dictionary<Pooling, float[]> Collect(FeatureExtractor extractor, LabelledRows data, int[] sample, Pooling[] poolings, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var kept = new Dictionary<Pooling, float[]>();
        var next = 0;
        long seen = 0;
        foreach (var block in extractor.Extract(data.Rows, data.Rows.Count, progress, cancellation))
        {
            for (; next < sample.Length && sample[next] < seen + block.Rows.Length; next++)
                foreach (var pooling in poolings)
                {
                    if (!kept.TryGetValue(pooling, out var target)) kept[pooling] = target = new float[sample.Length * block.Stride];
                    block.Values[pooling].AsSpan((int)(sample[next] - seen) * block.Stride, block.Stride).CopyTo(target.AsSpan(next * block.Stride));
                }
            seen += block.Rows.Length;
        }
        return kept;
    }

    private static FeatureMatrix Mix(Backbone backbone, FeatureRecipe recipe, float[] layers, int rows) =>
        recipe.Apply(backbone, new FeatureBlock(new Row[rows], layers.Length / rows, new Dictionary<Pooling, float[]> { [recipe.Pooling] = layers }));
}
