using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>One way of reading features, and how it did.</summary>
/// <param name="Recipe">The way.</param>
/// <param name="Screened">Cross-validated score on the screening sample.</param>
/// <param name="CrossValidated">Cross-validated score on all training rows; NaN for those that were no finalists.</param>
/// <param name="C">The best regularisation found: C, or the penalty of a regression.</param>
public sealed record FeatureCandidate(FeatureRecipe Recipe, double Screened, double CrossValidated, double C);

/// <summary>
/// Chooses layers, pooling, the encoding of pairs and C by cross-validation on the training rows: every candidate is screened on a stratified sample, the
/// finalists are cross-validated on all rows with the whole grid. Test rows are never looked at.
/// </summary>
internal sealed class FeatureSearch(FeatureExtractionOptions options, LabelledRows data, KindHead heads)
{
    private const int Finalists = 3;

    /// <summary>
    /// The candidates: for mean and first-token pooling single layers, means and concatenations of the top layers; a few for max. Pairs are read in one
    /// sequence and apart.
    /// </summary>
    public static IReadOnlyList<FeatureRecipe> Candidates(Backbone backbone, FeatureExtractionOptions options, bool pairs)
    {
        PairEncoding[] encodings = !pairs ? [PairEncoding.Joint] : options.Pairs is { } encoding ? [encoding] : Enum.GetValues<PairEncoding>();
        if (options.Layers is { } layers) return [.. encodings.Select(one => new FeatureRecipe(options.Pooling ?? backbone.Sentence.Pooling, layers) { Pairs = one })];
        var blocks = backbone.Config.Layers;
        LayerMix[] all = [LayerMix.Last, LayerMix.Layer(blocks - 1), LayerMix.Layer(blocks - 2), LayerMix.MeanOfTop(2), LayerMix.MeanOfTop(3), LayerMix.MeanOfTop(4),
            LayerMix.ConcatOfTop(2), LayerMix.ConcatOfTop(3), LayerMix.ConcatOfTop(4)];
        LayerMix[] few = [LayerMix.Last, LayerMix.MeanOfTop(2), LayerMix.ConcatOfTop(2)];
        LayerMix[] ofPairs = [LayerMix.Last, LayerMix.Layer(blocks - 1), LayerMix.MeanOfTop(2), LayerMix.MeanOfTop(3)];
        bool Exists(LayerMix mix) => mix.Kind == LayerMixKind.Single ? mix.Count is -1 or >= 0 : mix.Count <= blocks + 1;
        Pooling[] poolings = options.Pooling is { } one ? [one] : [Pooling.Mean, Pooling.Cls, Pooling.Max];
        if (!pairs) return [.. poolings.SelectMany(pooling => (pooling == Pooling.Max && poolings.Length > 1 ? few : all).Where(Exists).Select(mix => new FeatureRecipe(pooling, mix)))];
        if (poolings.Length > 1) poolings = [Pooling.Mean, Pooling.Cls];
        return [.. encodings.SelectMany(encoding => poolings.SelectMany(pooling => (encoding == PairEncoding.Siamese ? ofPairs : encoding == PairEncoding.Joint ? few : few[..2])
            .Where(Exists).Select(mix => new FeatureRecipe(pooling, mix) { Pairs = encoding })))];
    }

    /// <summary>A stratified sample of rows for screening: all rows of small data.</summary>
    public int[] Sample()
    {
        var (rows, wanted) = (data.Rows.Count, Math.Max(2000, 15 * data.Classes));
        return rows <= wanted * 1.25 ? [.. Enumerable.Range(0, rows)] : Splits.Stratified(data.Strata, (double)wanted / rows, options.Seed).Test;
    }

    /// <summary>Scores every candidate on the sample and returns them, best first.</summary>
    /// <param name="sample">Row numbers of the sample.</param>
    /// <param name="matrix">Makes a candidate's features of the sample.</param>
    /// <param name="candidates">What to compare.</param>
    /// <param name="progress">Told after each candidate.</param>
    /// <param name="cancellation">Stops between candidates.</param>
    public List<FeatureCandidate> Screen(int[] sample, Func<FeatureRecipe, FeatureMatrix> matrix, IReadOnlyList<FeatureRecipe> candidates, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var sampled = data.Take(sample);
        var scored = new List<FeatureCandidate>();
        foreach (var recipe in candidates)
        {
            cancellation.ThrowIfCancellationRequested();
            var found = heads.Validate(matrix(recipe), sampled, rough: true, null, cancellation);
            scored.Add(new FeatureCandidate(recipe, found.Score, double.NaN, found.Setting));
            progress?.Report(new WorkProgress("choosing layers", scored.Count, candidates.Count));
        }
        return Ranked(scored, candidate => candidate.Screened);
    }

    /// <summary>The candidates that go on.</summary>
    public static FeatureRecipe[] PickFinalists(IReadOnlyList<FeatureCandidate> ranked) => [.. ranked.Take(Finalists).Select(candidate => candidate.Recipe)];

    /// <summary>Best first; equal scores keep their order, which goes from simple to elaborate.</summary>
    public List<FeatureCandidate> Ranked(IEnumerable<FeatureCandidate> candidates, Func<FeatureCandidate, double> score) =>
        [.. options.MetricFor(data.Kind).HigherIsBetter() ? candidates.OrderByDescending(score) : candidates.OrderBy(score)];
}
