using System.Runtime.InteropServices;
using Polymath.Evaluation;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

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
        var rowWeights = RowWeights(labels, options.ClassWeights);
        // Where a float64 evaluation costs real time, float32 goes most of the way.
        var large = (long)x.Rows * x.Columns * classes > 20_000_000;
        var head = options.Start;
        if (large || !options.DoublePrecision)
        {
            var reachable = Math.Max(options.Tolerance, options.DoublePrecision ? 1e-6 : 1e-7);
            head = Solve(x, labels, rowWeights, classes, options with { Start = head, Tolerance = reachable }, ScalarType.Float32, cancellation);
        }
        return options.DoublePrecision ? Solve(x, labels, rowWeights, classes, options with { Start = head }, ScalarType.Float64, cancellation) : head!;
    }

    private static LinearHead Solve(FeatureMatrix x, int[] labels, float[]? rowWeights, int classes, LogisticRegressionOptions options, ScalarType type,
        CancellationToken cancellation)
    {
        using var features = new RotatedFeatures(x, [], type);
        using var objective = new SoftmaxObjective(features, [(0, x.Rows)], labels, rowWeights, classes, cancellation) { C = options.C };
        var parameters = new double[classes * (x.Columns + 1)];
        if (options.Start is { } start)
        {
            var (weights, bias) = features.Turn(start.Weights, start.Bias);
            weights.CopyTo(parameters, 0);
            bias.CopyTo(parameters, weights.Length);
        }
        Solve(objective, parameters, options.Tolerance, options.MaxIterations);
        return ToHead(features, parameters, classes);
    }

    private static void Solve(SoftmaxObjective objective, double[] parameters, double tolerance, int maxIterations)
    {
        objective.Rescale(objective.Curvatures(parameters));
        for (var i = 0; i < parameters.Length; i++) parameters[i] /= objective.Scale[i];
        new Lbfgs(objective.Evaluate, tolerance, maxIterations).Minimize(parameters);
        for (var i = 0; i < parameters.Length; i++) parameters[i] *= objective.Scale[i];
    }

    private static LinearHead ToHead(RotatedFeatures features, ReadOnlySpan<double> parameters, int classes)
    {
        var size = classes * features.Columns;
        var (weights, bias) = features.TurnBack(parameters[..size], parameters[size..]);
        var middle = bias.Average(); // adding a constant to every bias changes nothing; the zero-mean one is the conventional choice
        return new LinearHead([.. weights.Select(value => (float)value)], [.. bias.Select(value => (float)(value - middle))], features.Columns);
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
        var (order, starts) = ByFold(folds, x.Rows);
        var sorted = order.Select(row => labels[row]).ToArray();
        var weights = RowWeights(sorted, options.ClassWeights);
        var count = starts.Length - 1;
        using var scope = NewDisposeScope();
        // The turn onto principal axes is exact for every subset of rows and looks at no label, so the folds share it.
        using var features = new RotatedFeatures(x, order, ScalarType.Float32);
        var objectives = new SoftmaxObjective[count];
        var solutions = new double[count][];
        try
        {
            for (var f = 0; f < count; f++)
            {
                (int, int)[] others = [(0, starts[f]), (starts[f + 1], x.Rows - starts[f + 1])];
                objectives[f] = new SoftmaxObjective(features, others, sorted, weights, classes, cancellation);
                solutions[f] = new double[classes * (x.Columns + 1)];
            }
            var means = new double[values.Length];
            Array.Fill(means, double.NaN);
            float[] best = [], scores = new float[x.Rows * classes];
            var bestSolution = new double[classes * (x.Columns + 1)];
            int bestIndex = -1, sinceBest = 0;
            for (var c = 0; c < values.Length && (options.Patience <= 0 || sinceBest < options.Patience); c++)
            {
                double sum = 0;
                for (var f = 0; f < count; f++)
                {
                    objectives[f].C = values[c];
                    Solve(objectives[f], solutions[f], options.Tolerance, options.MaxIterations);
                    var held = scores.AsSpan(starts[f] * classes, (starts[f + 1] - starts[f]) * classes);
                    Score(features, starts[f], starts[f + 1] - starts[f], solutions[f], classes, held);
                    if (options.Judge is null) sum += options.Metric.Compute(Outcomes.FromScores(sorted[starts[f]..starts[f + 1]], held, classes));
                    progress?.Report((c + (f + 1.0) / count) / values.Length);
                }
                means[c] = options.Judge is { } judge ? judge(InOrder(scores, order, classes)) : sum / count;
                sinceBest++;
                if (bestIndex >= 0 && !(options.Judge is null ? options.Metric.IsBetter(means[c], means[bestIndex]) : means[c] > means[bestIndex])) continue;
                (bestIndex, sinceBest, best) = (c, 0, (float[])scores.Clone());
                Array.Clear(bestSolution);
                foreach (var solution in solutions) VectorMath.Add(bestSolution, 1.0 / count, solution);
            }
            progress?.Report(1);
            return new CrossValidation(values, means, values[bestIndex], means[bestIndex], InOrder(best, order, classes), ToHead(features, bestSolution, classes),
                objectives.Sum(o => o.Evaluations), objectives.Sum(o => o.GigaFlop));
        }
        finally
        {
            foreach (var objective in objectives) objective?.Dispose();
        }
    }

    /// <summary>Logits in the order of folds → in the order of rows.</summary>
    private static float[] InOrder(float[] byFold, int[] order, int classes)
    {
        var scores = new float[byFold.Length];
        for (var i = 0; i < order.Length; i++) byFold.AsSpan(i * classes, classes).CopyTo(scores.AsSpan(order[i] * classes));
        return scores;
    }

    private static void Score(RotatedFeatures features, int start, int count, double[] parameters, int classes, Span<float> scores)
    {
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var all = tensor(parameters, ScalarType.Float32);
        var size = classes * features.Columns;
        var logits = addmm(all.narrow(0, size, classes), features.Values.narrow(0, start, count), all.narrow(0, 0, size).view(classes, features.Columns).t(), 1, 1);
        MemoryMarshal.Cast<byte, float>(logits.bytes).CopyTo(scores);
    }

    /// <summary>Rows in the order of their folds, and where each fold starts: what a fold leaves out is then one range.</summary>
    private static (int[] Order, int[] Starts) ByFold(ReadOnlySpan<int> folds, int rows)
    {
        if (folds.Length != rows) throw new ArgumentException($"{folds.Length} fold numbers for {rows} rows");
        var keys = folds.ToArray();
        var count = keys.Length == 0 ? 0 : keys.Max() + 1;
        if (count < 2 || keys.Min() < 0) throw new ArgumentException("folds are numbered from 0, and there are at least two");
        var order = Enumerable.Range(0, rows).OrderBy(row => keys[row]).ToArray(); // a stable sort
        var starts = new int[count + 1];
        foreach (var fold in keys) starts[fold + 1]++;
        for (var f = 0; f < count; f++)
        {
            if (starts[f + 1] == 0) throw new ArgumentException($"fold {f} holds no row");
            starts[f + 1] += starts[f];
        }
        return (order, starts);
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
