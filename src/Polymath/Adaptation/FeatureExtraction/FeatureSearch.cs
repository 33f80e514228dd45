using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>One way of reading features, and how it did.</summary>
/// <param name="Recipe">The way.</param>
/// <param name="Screened">Cross-validated score on the screening sample.</param>
/// <param name="CrossValidated">Cross-validated score on all training rows; NaN for those that were no finalists.</param>
/// <param name="C">The best regularisation found.</param>
public sealed record FeatureCandidate(FeatureRecipe Recipe, double Screened, double CrossValidated, double C);

/// <summary>
/// Chooses layers, pooling and C by cross-validation on the training rows: every candidate is screened on a stratified sample, the finalists
/// are cross-validated on all rows with the whole grid. Test rows are never looked at.
/// </summary>
internal sealed class FeatureSearch(FeatureExtractionOptions options, int[] labels, int classes)
{
    private const int Finalists = 3;

    /// <summary>Three values tell the candidates apart; the finalists get the whole grid.</summary>
    private static readonly double[] ScreeningGrid = [0.05, 1, 20];

    /// <summary>The candidates: for mean and first-token pooling single layers, means and concatenations of the top layers; a few for max.</summary>
    public static IReadOnlyList<FeatureRecipe> Candidates(Backbone backbone, FeatureExtractionOptions options)
    {
        if (options.Layers is { } layers) return [new(options.Pooling ?? backbone.Sentence.Pooling, layers)];
        var blocks = backbone.Config.Layers;
        LayerMix[] all = [LayerMix.Last, LayerMix.Layer(blocks - 1), LayerMix.Layer(blocks - 2), LayerMix.MeanOfTop(2), LayerMix.MeanOfTop(3), LayerMix.MeanOfTop(4),
            LayerMix.ConcatOfTop(2), LayerMix.ConcatOfTop(3), LayerMix.ConcatOfTop(4)];
        LayerMix[] few = [LayerMix.Last, LayerMix.MeanOfTop(2), LayerMix.ConcatOfTop(2)];
        bool Exists(LayerMix mix) => mix.Kind == LayerMixKind.Single ? mix.Count is -1 or >= 0 : mix.Count <= blocks + 1;
        Pooling[] poolings = options.Pooling is { } one ? [one] : [Pooling.Mean, Pooling.Cls, Pooling.Max];
        return [.. poolings.SelectMany(pooling => (pooling == Pooling.Max && poolings.Length > 1 ? few : all).Where(Exists).Select(mix => new FeatureRecipe(pooling, mix)))];
    }

    /// <summary>A stratified sample of rows for screening: all rows of small data.</summary>
    public int[] Sample()
    {
        var wanted = Math.Max(2000, 15 * classes);
        return labels.Length <= wanted * 1.25 ? [.. Enumerable.Range(0, labels.Length)] : Splits.Stratified(labels, (double)wanted / labels.Length, options.Seed).Test;
    }

    /// <summary>Scores every candidate on the sample and returns them, best first.</summary>
    /// <param name="sample">Row numbers of the sample.</param>
    /// <param name="matrix">Makes a candidate's features of the sample.</param>
    /// <param name="candidates">What to compare.</param>
    /// <param name="progress">Told after each candidate.</param>
    /// <param name="cancellation">Stops between candidates.</param>
    public List<FeatureCandidate> Screen(int[] sample, Func<FeatureRecipe, FeatureMatrix> matrix, IReadOnlyList<FeatureRecipe> candidates, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int[] sampled = [.. sample.Select(row => labels[row])];
        var folds = Splits.Folds(sampled, Math.Min(3, Math.Max(2, sampled.Length)), options.Seed);
        var settings = Settings() with { Tolerance = 1e-3, MaxIterations = 100, Patience = 0 };
        var scored = new List<FeatureCandidate>();
        foreach (var recipe in candidates)
        {
            cancellation.ThrowIfCancellationRequested();
            var found = LogisticRegression.CrossValidate(matrix(recipe), sampled, classes, folds, ScreeningGrid, settings, null, cancellation);
            scored.Add(new FeatureCandidate(recipe, found.BestScore, double.NaN, found.BestC));
            progress?.Report(new WorkProgress("choosing layers", scored.Count, candidates.Count));
        }
        return Ranked(scored, candidate => candidate.Screened);
    }

    /// <summary>The candidates that go on.</summary>
    public static FeatureRecipe[] PickFinalists(IReadOnlyList<FeatureCandidate> ranked) => [.. ranked.Take(Finalists).Select(candidate => candidate.Recipe)];

    /// <summary>Cross-validates one finalist on all rows.</summary>
    public CrossValidation Validate(FeatureMatrix x, IProgress<double>? progress, CancellationToken cancellation)
    {
        var folds = Splits.Folds(labels, Math.Min(options.Folds, labels.Length), options.Seed);
        return LogisticRegression.CrossValidate(x, labels, classes, folds, [.. options.Grid], Settings(), progress, cancellation);
    }

    /// <summary>Best first; equal scores keep their order, which goes from simple to elaborate.</summary>
    public List<FeatureCandidate> Ranked(IEnumerable<FeatureCandidate> candidates, Func<FeatureCandidate, double> score) =>
        [.. options.Metric.HigherIsBetter() ? candidates.OrderByDescending(score) : candidates.OrderBy(score)];

    private CrossValidationOptions Settings() => new()
    {
        Metric = options.Metric,
        ClassWeights = options.BalancedWeights ? LogisticRegression.BalancedWeights(labels, classes) : null,
    };
}
