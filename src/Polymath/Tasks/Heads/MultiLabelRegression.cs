using Polymath.Evaluation;
using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>
/// One logistic regression a label, all with the same C: minimises C · Σ binary cross-entropy + ½‖W‖² with free biases by L-BFGS. The head's scores are
/// log odds; their sigmoid gives each label's probability.
/// </summary>
internal static class MultiLabelRegression
{
    /// <summary>Fits all labels on all rows.</summary>
    /// <param name="x">Features, [rows, inputs].</param>
    /// <param name="marks">Whether a row has a label, [rows, labels].</param>
    /// <param name="labels">The number of labels.</param>
    /// <param name="options">C and the solver's settings; class weights do not apply.</param>
    /// <param name="cancellation">Stops the solver between evaluations.</param>
    public static LinearHead Fit(FeatureMatrix x, bool[] marks, int labels, LogisticRegressionOptions? options = null, CancellationToken cancellation = default)
    {
        Check(x, marks, labels);
        return LinearFit.Fit(x, new SigmoidLoss(marks, labels), null, options ?? new LogisticRegressionOptions(), cancellation);
    }

    /// <summary>Searches for the best C; every value is measured with the thresholds that suit it, on rows left out.</summary>
    public static CrossValidation CrossValidate(FeatureMatrix x, bool[] marks, int labels, ReadOnlySpan<int> folds, ReadOnlySpan<double> grid, CrossValidationOptions options,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        Check(x, marks, labels);
        double[] values = grid.Length == 0 ? [.. LogisticRegression.DefaultGrid] : grid.ToArray();
        Array.Sort(values);
        bool[] sorted = [];
        return LinearFit.CrossValidate(x, folds, values, options, order => new SigmoidLoss(sorted = [.. order.SelectMany(row => marks[(row * labels)..((row + 1) * labels)])], labels),
            _ => null, (_, _, scores) => Score(options.Metric, sorted, scores, labels), progress, cancellation);
    }

    /// <summary>What scores of rows left out are worth, with thresholds chosen on them.</summary>
    /// <param name="metric">The measure.</param>
    /// <param name="marks">Whether a row has a label, [rows, labels].</param>
    /// <param name="scores">Log odds, [rows, labels].</param>
    /// <param name="labels">The number of labels.</param>
    public static double Score(Metric metric, bool[] marks, float[] scores, int labels)
    {
        var probabilities = Probabilities(scores);
        return metric.Compute(new MultiLabelOutcomes(marks, probabilities, Thresholds.Choose(marks, probabilities, labels)));
    }

    /// <summary>Log odds → probabilities.</summary>
    public static float[] Probabilities(ReadOnlySpan<float> scores)
    {
        var probabilities = new float[scores.Length];
        System.Numerics.Tensors.TensorPrimitives.Sigmoid(scores, probabilities);
        return probabilities;
    }

    private static void Check(FeatureMatrix x, bool[] marks, int labels)
    {
        ArgumentOutOfRangeException.ThrowIfZero(x.Rows, nameof(x));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(labels);
        if (marks.Length != (long)x.Rows * labels) throw new ArgumentException($"{marks.Length} marks for {x.Rows} rows of {labels} labels");
    }
}
