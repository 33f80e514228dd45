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
    private readonly KindHead _heads = KindHead.Of(data.Kind, options);

    private FeatureSearch Search => field ??= new FeatureSearch(options, data, _heads);

    private double[]? ClassWeights => options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null;

    /// <summary>Computes features, chooses how to read them, trains the head.</summary>
    public ExtractedHead Fit()
    {
        var candidates = FeatureSearch.Candidates(backbone, options, data.Pairs);
        Pooling[] poolings = [.. candidates.SelectMany(candidate => candidate.Poolings).Distinct()];
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions(poolings, store));
        var sample = candidates.Count > 1 ? Search.Sample() : [];
        var sampled = candidates.Select(candidate => candidate.Pairs == PairEncoding.Joint).Distinct().ToDictionary(together => together, together => Collect(extractor, sample, poolings, together));
        List<FeatureCandidate> ranked = candidates.Count == 1 ? [new(candidates[0], double.NaN, double.NaN, double.NaN)]
            : Search.Screen(sample, recipe => Mix(recipe, sampled[recipe.Pairs == PairEncoding.Joint], sample.Length), candidates, progress, cancellation);
        var bytes = (long)data.Rows.Count * ranked[0].Recipe.Width(backbone) * sizeof(float);
        var fits = bytes <= options.MaxFeatureBytes;
        if (!fits && data.Kind != TaskKind.Classification)
            throw new PolymathException($"the features of {data.Rows.Count:N0} rows take {bytes >> 20:N0} MB, more than the {options.MaxFeatureBytes >> 20:N0} MB that a {data.Kind.Name()} task may hold; use fewer rows or narrower features, such as --layers last");
        if (options.Head != HeadMethod.LogisticRegression && data.Kind != TaskKind.Classification)
            throw new PolymathException($"this head learns classes, not a {data.Kind.Name()} task; expected the default head");
        var first = ranked[0] with { C = double.NaN }; // the regularisation of screening is not this head's
        var chosen = options.Head switch
        {
            HeadMethod.LogisticRegression when fits => AtOptimum(ranked),
            HeadMethod.LogisticRegression or HeadMethod.Gradient => new Choice(first, ByGradient(first.Recipe)),
            HeadMethod.NearestMean => ByMeans(first),
            _ => ByStatistics(first),
        };
        var candidate = chosen.Candidate;
        return new ExtractedHead(candidate.Recipe, chosen.Head, candidate.C, candidate.CrossValidated, Search.Ranked(ranked, c => double.IsNaN(c.CrossValidated) ? Worst : c.CrossValidated), extractor.Report)
        {
            Thresholds = chosen.Found is null ? null : _heads.Thresholds(data, chosen.Found),
            Statistics = chosen.Statistics,
        };
    }

    private double Worst => options.MetricFor(data.Kind).HigherIsBetter() ? double.NegativeInfinity : double.PositiveInfinity;

    /// <summary>The finalists are cross-validated on all rows one after another, and the best is brought to its optimum.</summary>
    private Choice AtOptimum(List<FeatureCandidate> ranked)
    {
        (FeatureCandidate Candidate, FeatureMatrix X, HeadValidation Found)? best = null;
        var finalists = FeatureSearch.PickFinalists(ranked);
        for (var f = 0; f < finalists.Length; f++)
        {
            var x = Read(finalists[f]);
            var at = f;
            var found = _heads.Validate(x, data, rough: false, new Relay<double>(share => progress?.Report(new WorkProgress("cross-validation", (long)((at + share) * 100), finalists.Length * 100))), cancellation);
            var place = ranked.FindIndex(candidate => candidate.Recipe == finalists[at]);
            ranked[place] = ranked[place] with { CrossValidated = found.Score, C = found.Setting };
            if (best is null || options.MetricFor(data.Kind).IsBetter(found.Score, best.Value.Found.Score)) best = (ranked[place], x, found);
        }
        var (chosen, features, validated) = best!.Value;
        progress?.Report(new WorkProgress("final fit", 0, 1));
        var head = _heads.Fit(features, data, validated, cancellation);
        progress?.Report(new WorkProgress("final fit", 1, 1));
        return new Choice(chosen, head) { Found = validated };
    }

    /// <summary>Softmax regression by gradient steps; each epoch streams the features from the store.</summary>
    private LinearHead ByGradient(FeatureRecipe recipe) => GradientHead.Fit(recipe.Width(backbone), data.Classes, () => Blocks(recipe),
        new GradientHeadOptions { Seed = (ulong)options.Seed, ClassWeights = ClassWeights }, cancellation: cancellation);

    /// <summary>The nearest class mean: one pass of additions.</summary>
    private Choice ByMeans(FeatureCandidate candidate)
    {
        var means = new NearestClassMean(candidate.Recipe.Width(backbone));
        foreach (var (x, labels) in Blocks(candidate.Recipe)) means.Add(x, labels);
        return new Choice(candidate, means.ToHead(data.Classes)) { Statistics = means.Save() };
    }

    /// <summary>Linear discriminant analysis: one pass of additions.</summary>
    private Choice ByStatistics(FeatureCandidate candidate)
    {
        var statistics = new StreamingLda(candidate.Recipe.Width(backbone));
        foreach (var (x, labels) in Blocks(candidate.Recipe)) statistics.Add(x, labels);
        return new Choice(candidate, statistics.ToHead(data.Classes)) { Statistics = statistics.Save() };
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
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions(recipe.Poolings, store));
        foreach (var (rows, x) in FeatureReader.Read(extractor, backbone, recipe, data.Rows, data.Rows.Count, null, cancellation))
        {
            yield return (x, data.Kind == TaskKind.Classification ? data.Labels[at..(at + rows.Length)] : []);
            at += rows.Length;
        }
    }

    /// <summary>Sends all rows through the network; the layers of the sample's rows stay in memory. Pairs that are not read together give two rows each.</summary>
    private Dictionary<Pooling, float[]> Collect(FeatureExtractor extractor, int[] sample, Pooling[] poolings, bool together)
    {
        var kept = new Dictionary<Pooling, float[]>();
        var next = 0;
        var seen = 0;
        int[] wanted = together ? sample : [.. sample.SelectMany(row => new[] { 2 * row, 2 * row + 1 })];
        foreach (var block in extractor.Extract(together ? data.Rows : PairEncodings.Apart(data.Rows), data.Rows.Count * (together ? 1 : 2), progress, cancellation))
        {
            for (; next < wanted.Length && wanted[next] < seen + block.Rows.Length; next++)
                foreach (var pooling in poolings)
                {
                    if (!kept.TryGetValue(pooling, out var target)) kept[pooling] = target = new float[wanted.Length * block.Stride];
                    block.Values[pooling].AsSpan((wanted[next] - seen) * block.Stride, block.Stride).CopyTo(target.AsSpan(next * block.Stride));
                }
            seen += block.Rows.Length;
        }
        return kept;
    }

    private FeatureMatrix Mix(FeatureRecipe recipe, Dictionary<Pooling, float[]> layers, int rows)
    {
        if (recipe.Pairs != PairEncoding.Joint) rows *= 2;
        return recipe.Apply(backbone, new FeatureBlock(new Row[rows], layers[recipe.Pooling].Length / rows, layers));
    }

    /// <summary>How features are read, and the head on them.</summary>
    private sealed record Choice(FeatureCandidate Candidate, LinearHead Head)
    {
        /// <summary>How the head did on rows left out, where it was validated.</summary>
        public HeadValidation? Found { get; init; }

        /// <summary>The sums that the head was made of, where it was made of sums.</summary>
        public IReadOnlyList<(string Name, int[] Shape, double[] Values)> Statistics { get; init; } = [];
    }
}
