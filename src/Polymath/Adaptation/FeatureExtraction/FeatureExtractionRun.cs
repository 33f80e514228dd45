using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>
/// One run of feature extraction, from rows to a trained head. The first pass sends every row through the network and leaves its layers in the
/// store; all that follows (screening, cross-validation, the final fit) reads from there.
/// </summary>
internal sealed class FeatureExtractionRun(
    Backbone backbone, LabelledRows data, FeatureExtractionOptions options, FeatureStore store, IProgress<WorkProgress>? progress, CancellationToken cancellation)
{
    private readonly FeatureSearch _search = new(options, data.Labels, data.Classes);

    private double[]? ClassWeights => options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null;

    /// <summary>Computes features, chooses how to read them, trains the head.</summary>
    public ExtractedHead Fit()
    {
        var candidates = FeatureSearch.Candidates(backbone, options);
        Pooling[] poolings = [.. candidates.Select(candidate => candidate.Pooling).Distinct()];
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions(poolings, store));
        var sample = candidates.Count > 1 ? _search.Sample() : [];
        var sampled = Collect(extractor, sample, poolings);
        List<FeatureCandidate> ranked = candidates.Count == 1 ? [new(candidates[0], double.NaN, double.NaN, double.NaN)]
            : _search.Screen(sample, recipe => Mix(recipe, sampled[recipe.Pooling], sample.Length), candidates, progress, cancellation);
        var fits = (long)data.Rows.Count * ranked[0].Recipe.Width(backbone) * sizeof(float) <= options.MaxFeatureBytes;
        var first = ranked[0] with { C = double.NaN }; // the regularisation of screening is not this head's
        var (chosen, head) = options.Head switch
        {
            HeadMethod.LogisticRegression when fits => Logistic(ranked),
            HeadMethod.LogisticRegression or HeadMethod.Gradient => (first, ByGradient(first.Recipe)),
            HeadMethod.NearestMean => (first, ByMeans(first.Recipe)),
            _ => (first, ByStatistics(first.Recipe)),
        };
        return new ExtractedHead(chosen.Recipe, head, chosen.C, chosen.CrossValidated, _search.Ranked(ranked, c => double.IsNaN(c.CrossValidated) ? double.NegativeInfinity : c.CrossValidated), extractor.Report);
    }

    /// <summary>The finalists are cross-validated on all rows one after another, and the best is brought to its optimum.</summary>
    private (FeatureCandidate Chosen, IHead Head) Logistic(List<FeatureCandidate> ranked)
    {
        (FeatureCandidate Candidate, FeatureMatrix X, CrossValidation Found)? best = null;
        var finalists = FeatureSearch.PickFinalists(ranked);
        for (var f = 0; f < finalists.Length; f++)
        {
            var x = Read(finalists[f]);
            var at = f;
            var found = _search.Validate(x, new Relay<double>(share => progress?.Report(new WorkProgress("cross-validation", (long)((at + share) * 100), finalists.Length * 100))), cancellation);
            var place = ranked.FindIndex(candidate => candidate.Recipe == finalists[at]);
            ranked[place] = ranked[place] with { CrossValidated = found.BestScore, C = found.BestC };
            if (best is null || options.Metric.IsBetter(found.BestScore, best.Value.Found.BestScore)) best = (ranked[place], x, found);
        }
        var (chosen, features, validated) = best!.Value;
        progress?.Report(new WorkProgress("final fit", 0, 1));
        var head = LogisticRegression.Fit(features, data.Labels, data.Classes, new LogisticRegressionOptions
        {
            C = validated.BestC,
            Start = validated.Start,
            ClassWeights = ClassWeights,
            DoublePrecision = (long)features.Rows * features.Columns * data.Classes < 200_000_000,
            Tolerance = 1e-7,
        }, cancellation);
        progress?.Report(new WorkProgress("final fit", 1, 1));
        return (chosen, head);
    }

    /// <summary>Softmax regression by gradient steps; each epoch streams the features from the store.</summary>
    private LinearHead ByGradient(FeatureRecipe recipe) => GradientHead.Fit(recipe.Width(backbone), data.Classes, () => Blocks(recipe),
        new GradientHeadOptions { Seed = (ulong)options.Seed, ClassWeights = ClassWeights }, cancellation: cancellation);

    /// <summary>The nearest class mean: one pass of additions.</summary>
    private LinearHead ByMeans(FeatureRecipe recipe)
    {
        var means = new NearestClassMean(recipe.Width(backbone));
        foreach (var (x, labels) in Blocks(recipe)) means.Add(x, labels);
        return means.ToHead(data.Classes);
    }

    /// <summary>Linear discriminant analysis: one pass of additions.</summary>
    private LinearHead ByStatistics(FeatureRecipe recipe)
    {
        var statistics = new StreamingLda(recipe.Width(backbone));
        foreach (var (x, labels) in Blocks(recipe)) statistics.Add(x, labels);
        return statistics.ToHead(data.Classes);
    }

    /// <summary>All rows' features under one recipe.</summary>
    private FeatureMatrix Read(FeatureRecipe recipe)
    {
        var values = new float[checked(data.Rows.Count * recipe.Width(backbone))];
        var at = 0;
        foreach (var (x, _) in Blocks(recipe))
        {
            x.Values.CopyTo(values.AsSpan(at));
            at += x.Values.Length;
        }
        return new FeatureMatrix(values, data.Rows.Count, recipe.Width(backbone));
    }

    private IEnumerable<(FeatureMatrix X, int[] Labels)> Blocks(FeatureRecipe recipe)
    {
        var at = 0;
        foreach (var block in new FeatureExtractor(backbone, options.FeatureOptions([recipe.Pooling], store)).Extract(data.Rows, data.Rows.Count, null, cancellation))
        {
            yield return (recipe.Apply(backbone, block), data.Labels[at..(at + block.Rows.Length)]);
            at += block.Rows.Length;
        }
    }

    /// <summary>Sends all rows through the network; the layers of the sample's rows stay in memory.</summary>
    private Dictionary<Pooling, float[]> Collect(FeatureExtractor extractor, int[] sample, Pooling[] poolings)
    {
        var kept = new Dictionary<Pooling, float[]>();
        var next = 0;
        var seen = 0;
        foreach (var block in extractor.Extract(data.Rows, data.Rows.Count, progress, cancellation))
        {
            for (; next < sample.Length && sample[next] < seen + block.Rows.Length; next++)
                foreach (var pooling in poolings)
                {
                    if (!kept.TryGetValue(pooling, out var target)) kept[pooling] = target = new float[sample.Length * block.Stride];
                    block.Values[pooling].AsSpan((sample[next] - seen) * block.Stride, block.Stride).CopyTo(target.AsSpan(next * block.Stride));
                }
            seen += block.Rows.Length;
        }
        return kept;
    }

    private FeatureMatrix Mix(FeatureRecipe recipe, float[] layers, int rows) =>
        recipe.Apply(backbone, new FeatureBlock(new Row[rows], layers.Length / rows, new Dictionary<Pooling, float[]> { [recipe.Pooling] = layers }));
}
