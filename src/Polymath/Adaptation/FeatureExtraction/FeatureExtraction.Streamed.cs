using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>Heads that see the rows block by block and never all features at once.</summary>
public static partial class FeatureExtraction
{
    /// <summary>Nearest class mean or discriminant analysis: one pass of additions, no gradient.</summary>
    private static ExtractedHead ByStatistics(Backbone backbone, LabelledRows data, FeatureExtractionOptions options, IReadOnlyList<FeatureCandidate> ranked,
        IProgress<WorkProgress>? progress, CancellationToken cancellation, FeatureStore store, FeatureReport report)
    {
        var recipe = ranked[0].Recipe;
        var width = recipe.Width(backbone);
        IHead head;
        if (options.Head == HeadMethod.NearestMean)
        {
            var means = new NearestClassMean(width);
            foreach (var (x, labels) in Blocks(backbone, recipe, data, options, store, progress, cancellation)) means.Add(x, labels);
            head = means.ToHead(data.Classes);
        }
        else
        {
            var statistics = new StreamingLda(width);
            foreach (var (x, labels) in Blocks(backbone, recipe, data, options, store, progress, cancellation)) statistics.Add(x, labels);
            head = statistics.ToHead(data.Classes);
        }
        return new ExtractedHead(recipe, head, double.NaN, double.NaN, ranked, report);
    }

    /// <summary>Softmax regression by gradient steps; each epoch streams the features from the store.</summary>
    private static ExtractedHead Streamed(Backbone backbone, LabelledRows data, FeatureExtractionOptions options, IReadOnlyList<FeatureCandidate> ranked,
        IProgress<WorkProgress>? progress, CancellationToken cancellation, FeatureStore store, FeatureReport report)
    {
        var recipe = ranked[0].Recipe;
        var head = GradientHead.Fit(recipe.Width(backbone), data.Classes, () => Blocks(backbone, recipe, data, options, store, progress, cancellation), new GradientHeadOptions
        {
            Seed = (ulong)options.Seed,
            ClassWeights = options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null,
        }, cancellation: cancellation);
        return new ExtractedHead(recipe, head, double.NaN, double.NaN, ranked, report);
    }

    private static IEnumerable<(FeatureMatrix X, int[] Labels)> Blocks(Backbone backbone, FeatureRecipe recipe, LabelledRows data, FeatureExtractionOptions options, FeatureStore store,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions([recipe.Pooling], store));
        var at = 0;
        foreach (var block in extractor.Extract(data.Rows, data.Rows.Count, progress, cancellation))
        {
            yield return (recipe.Apply(backbone, block), data.Labels[at..(at + block.Rows.Length)]);
            at += block.Rows.Length;
        }
    }
}
