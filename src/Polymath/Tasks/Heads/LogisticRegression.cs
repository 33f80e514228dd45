using Polymath.Evaluation;
using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>
/// Multinomial logistic regression brought to its optimum: minimises C · Σ wᵢ · CEᵢ + ½‖W‖² with a free bias by L-BFGS, which is what
/// scikit-learn's LogisticRegression minimises for three classes or more. For two classes scikit-learn penalises one weight vector where
/// this softmax has two opposite halves: half of its C gives the same model here.
/// </summary>
public static class LogisticRegression
{
    /// <summary>Values of C that suit raw mean-pooled features at one end and normalised ones at the other.</summary>
    public static IReadOnlyList<double> DefaultGrid { get; } = [0.01, 0.05, 0.2, 1, 5, 20, 100];

    /// <summary>rows / (classes · rows of the class): every class then weighs the same; 0 for a class without rows.</summary>
    public static double[] BalancedWeights(ReadOnlySpan<int> labels, int classes)
    {
        var counts = new int[classes];
        foreach (var label in labels) counts[label]++;
        double rows = labels.Length;
        return [.. counts.Select(count => count == 0 ? 0 : rows / ((double)classes * count))];
    }

    /// <summary>Fits one model on all rows.</summary>
    /// <param name="x">Features, [rows, inputs].</param>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    /// <param name="options">C and the solver's settings.</param>
    /// <param name="cancellation">Stops the solver between evaluations.</param>
    /// <exception cref="ArgumentException">Labels or options do not fit the features.</exception>
    public static LinearHead Fit(FeatureMatrix x, int[] labels, int classes, LogisticRegressionOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new LogisticRegressionOptions();
        Check(x, labels, classes, options.ClassWeights, [options.C]);
        if (options.Start is { } start && (start.Inputs != x.Columns || start.Classes != classes)) throw new ArgumentException("the start does not fit the features and classes");
        return LinearFit.Fit(x, new SoftmaxLoss(labels, classes), RowWeights(labels, options.ClassWeights), options, cancellation);
    }

    /// <summary>Searches for the best C. Every fold is solved for each C from small to large, starting from its own solution for the C before.</summary>
    /// <param name="x">Features, [rows, inputs].</param>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    /// <param name="folds">The fold of each row, 0, 1, …; see <see cref="Splits.Folds"/>.</param>
    /// <param name="grid">Values of C, in any order; empty: <see cref="DefaultGrid"/>.</param>
    /// <param name="options">The metric and the solver's settings.</param>
    /// <param name="progress">Receives the share of the work that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops the search between evaluations.</param>
    /// <exception cref="ArgumentException">Labels, folds or grid do not fit.</exception>
    public static CrossValidation CrossValidate(FeatureMatrix x, int[] labels, int classes, ReadOnlySpan<int> folds, ReadOnlySpan<double> grid = default,
        CrossValidationOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new CrossValidationOptions();
        double[] values = grid.Length == 0 ? [.. DefaultGrid] : grid.ToArray();
        Array.Sort(values);
        Check(x, labels, classes, options.ClassWeights, values);
        int[] sorted = [];
        return LinearFit.CrossValidate(x, folds, values, options, order => new SoftmaxLoss(sorted = [.. order.Select(row => labels[row])], classes),
            order => RowWeights([.. order.Select(row => labels[row])], options.ClassWeights), MeanOfFolds, progress, cancellation);

        double MeanOfFolds(int[] order, int[] starts, float[] scores)
        {
            double sum = 0;
            for (var f = 0; f < starts.Length - 1; f++)
                sum += options.Metric.Compute(Outcomes.FromScores(sorted[starts[f]..starts[f + 1]], scores.AsSpan(starts[f] * classes, (starts[f + 1] - starts[f]) * classes), classes));
            return sum / (starts.Length - 1);
        }
    }

    private static float[]? RowWeights(int[] labels, double[]? classWeights) =>
        classWeights is null ? null : [.. labels.Select(label => (float)classWeights[label])];

    private static void Check(FeatureMatrix x, int[] labels, int classes, double[]? classWeights, double[] grid)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfZero(x.Rows, nameof(x));
        x.CheckLabels(labels, classes);
        if (classWeights is not null && classWeights.Length != classes) throw new ArgumentException($"{classWeights.Length} class weights for {classes} classes");
        foreach (var c in grid)
            if (c is not (> 0 and < double.PositiveInfinity)) throw new ArgumentException($"C is {c}, expected a positive number");
    }
}
