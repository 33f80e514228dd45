using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>How a head did on rows that it did not learn from.</summary>
/// <param name="Score">The metric.</param>
/// <param name="Setting">The best C or penalty.</param>
/// <param name="LeftOut">Each row's scores by the head that was fitted without it, [rows, outputs].</param>
/// <param name="Start">Where the final fit may start; null where it needs no start.</param>
internal sealed record HeadValidation(double Score, double Setting, float[] LeftOut, LinearHead? Start);

/// <summary>What feature extraction must know of a kind of task: how its linear head is validated and fitted.</summary>
internal abstract class KindHead(FeatureExtractionOptions options, Metric metric)
{
    /// <summary>Three values tell candidates apart; finalists get the whole grid.</summary>
    protected static readonly double[] ScreeningGrid = [0.05, 1, 20];

    protected FeatureExtractionOptions Options => options;

    protected Metric Metric => metric;

    /// <summary>The head of a kind.</summary>
    public static KindHead Of(TaskKind kind, FeatureExtractionOptions options) => kind switch
    {
        TaskKind.MultiLabel => new LabelsHead(options, options.MetricFor(kind)),
        TaskKind.Regression => new ValueHead(options, options.MetricFor(kind)),
        _ => new ClassHead(options, options.MetricFor(kind)),
    };

    /// <summary>Chooses the regularisation and measures it.</summary>
    /// <param name="x">Features of the rows.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rough">Whether it is only to tell ways of reading features apart.</param>
    /// <param name="progress">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Stops the work.</param>
    public abstract HeadValidation Validate(FeatureMatrix x, LabelledRows data, bool rough, IProgress<double>? progress, CancellationToken cancellation);

    /// <summary>Brings the head to its optimum on all rows.</summary>
    public abstract LinearHead Fit(FeatureMatrix x, LabelledRows data, HeadValidation found, CancellationToken cancellation);

    /// <summary>The least probability of each label, where a row may have several; else null.</summary>
    public virtual double[]? Thresholds(LabelledRows data, HeadValidation found) => null;

    protected double[] Grid(bool rough) => rough ? ScreeningGrid : [.. options.Grid];

    protected int[] Folds(LabelledRows data, bool rough) => data.Folds(rough ? 3 : options.Folds, options.Seed);

    protected static LogisticRegressionOptions Final(FeatureMatrix x, LabelledRows data, HeadValidation found) => new()
    {
        C = found.Setting,
        Start = found.Start,
        DoublePrecision = (long)x.Rows * x.Columns * data.Classes < 200_000_000,
        Tolerance = 1e-7,
    };

    protected CrossValidationOptions Settings(bool rough)
    {
        var settings = new CrossValidationOptions { Metric = metric };
        return rough ? settings with { Tolerance = 1e-3, MaxIterations = 100, Patience = 0 } : settings;
    }

    protected static HeadValidation From(CrossValidation found) => new(found.BestScore, found.BestC, found.OutOfFoldScores, found.Start);
}

/// <summary>One class a row: multinomial logistic regression.</summary>
internal sealed class ClassHead(FeatureExtractionOptions options, Metric metric) : KindHead(options, metric)
{
    public override HeadValidation Validate(FeatureMatrix x, LabelledRows data, bool rough, IProgress<double>? progress, CancellationToken cancellation) =>
        From(LogisticRegression.CrossValidate(x, data.Labels, data.Classes, Folds(data, rough), Grid(rough), Settings(rough) with { ClassWeights = Weights(data) }, progress, cancellation));

    public override LinearHead Fit(FeatureMatrix x, LabelledRows data, HeadValidation found, CancellationToken cancellation) =>
        LogisticRegression.Fit(x, data.Labels, data.Classes, Final(x, data, found) with { ClassWeights = Weights(data) }, cancellation);

    private double[]? Weights(LabelledRows data) => Options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null;
}

/// <summary>Any number of labels a row: one logistic regression each, and a threshold each.</summary>
internal sealed class LabelsHead(FeatureExtractionOptions options, Metric metric) : KindHead(options, metric)
{
    public override HeadValidation Validate(FeatureMatrix x, LabelledRows data, bool rough, IProgress<double>? progress, CancellationToken cancellation) =>
        From(MultiLabelRegression.CrossValidate(x, data.Marks, data.Classes, Folds(data, rough), Grid(rough), Settings(rough), progress, cancellation));

    public override LinearHead Fit(FeatureMatrix x, LabelledRows data, HeadValidation found, CancellationToken cancellation) =>
        MultiLabelRegression.Fit(x, data.Marks, data.Classes, Final(x, data, found), cancellation);

    public override double[] Thresholds(LabelledRows data, HeadValidation found) =>
        Tasks.Heads.Thresholds.Choose(data.Marks, MultiLabelRegression.Probabilities(found.LeftOut), data.Classes);
}

/// <summary>A number a row: ridge regression; the penalty by squared error on rows left out, one by one or with their group.</summary>
internal sealed class ValueHead(FeatureExtractionOptions options, Metric metric) : KindHead(options, metric)
{
    public override HeadValidation Validate(FeatureMatrix x, LabelledRows data, bool rough, IProgress<double>? progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var found = new RidgeRegression(x, data.Values).Choose(Options.Grid.Count > 0 ? Options.Grid : RidgeRegression.DefaultGrid, data.Groups is null ? [] : Folds(data, rough));
        progress?.Report(1);
        return new HeadValidation(Metric.Compute(new RegressionOutcomes(data.Values, found.LeftOut)), found.Penalty, [.. found.LeftOut.Select(value => (float)value)], null);
    }

    public override LinearHead Fit(FeatureMatrix x, LabelledRows data, HeadValidation found, CancellationToken cancellation) => new RidgeRegression(x, data.Values).Fit(found.Setting);
}
