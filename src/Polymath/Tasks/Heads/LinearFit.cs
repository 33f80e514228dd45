using System.Runtime.InteropServices;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>Brings a regularised linear model to its optimum, and chooses its C: the same way for every loss.</summary>
internal static class LinearFit
{
    /// <summary>Fits one model on all rows.</summary>
    public static LinearHead Fit(FeatureMatrix x, ILinearLoss loss, float[]? rowWeights, LogisticRegressionOptions options, CancellationToken cancellation)
    {
        // Where a float64 evaluation costs real time, float32 goes most of the way.
        var large = (long)x.Rows * x.Columns * loss.Outputs > 20_000_000;
        var head = options.Start;
        if (large || !options.DoublePrecision)
        {
            var reachable = Math.Max(options.Tolerance, options.DoublePrecision ? 1e-6 : 1e-7);
            head = Solve(x, loss, rowWeights, options with { Start = head, Tolerance = reachable }, ScalarType.Float32, cancellation);
        }
        return options.DoublePrecision ? Solve(x, loss, rowWeights, options with { Start = head }, ScalarType.Float64, cancellation) : head!;
    }

    /// <summary>Searches for the best C. Every fold is solved for each C from small to large, starting from its own solution for the C before.</summary>
    /// <param name="x">Features, [rows, inputs].</param>
    /// <param name="folds">The fold of each row.</param>
    /// <param name="values">Values of C, ascending.</param>
    /// <param name="options">The metric and the solver's settings.</param>
    /// <param name="lossOf">The loss of rows in the given order.</param>
    /// <param name="weightsOf">The weights of rows in the given order.</param>
    /// <param name="score">What scores of rows left out are worth: given the order of rows, where each fold starts in it, and the scores in that order.</param>
    /// <param name="progress">Receives the share of the work that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops the search between evaluations.</param>
    public static CrossValidation CrossValidate(FeatureMatrix x, ReadOnlySpan<int> folds, double[] values, CrossValidationOptions options,
        Func<int[], ILinearLoss> lossOf, Func<int[], float[]?> weightsOf, Func<int[], int[], float[], double> score, IProgress<double>? progress, CancellationToken cancellation)
    {
        var (order, starts) = ByFold(folds, x.Rows);
        var loss = lossOf(order);
        var weights = weightsOf(order);
        var (outputs, count) = (loss.Outputs, starts.Length - 1);
        using var scope = NewDisposeScope();
        // The turn onto principal axes is exact for every subset of rows and looks at no label, so the folds share it.
        using var features = new RotatedFeatures(x, order, ScalarType.Float32);
        var objectives = new LinearObjective[count];
        var solutions = new double[count][];
        try
        {
            for (var f = 0; f < count; f++)
            {
                (int, int)[] others = [(0, starts[f]), (starts[f + 1], x.Rows - starts[f + 1])];
                objectives[f] = new LinearObjective(features, others, loss, weights, cancellation);
                solutions[f] = new double[outputs * (x.Columns + 1)];
            }
            var means = new double[values.Length];
            Array.Fill(means, double.NaN);
            float[] best = [], scores = new float[x.Rows * outputs];
            var bestSolution = new double[outputs * (x.Columns + 1)];
            int bestIndex = -1, sinceBest = 0;
            for (var c = 0; c < values.Length && (options.Patience <= 0 || sinceBest < options.Patience); c++)
            {
                for (var f = 0; f < count; f++)
                {
                    objectives[f].C = values[c];
                    Solve(objectives[f], solutions[f], options.Tolerance, options.MaxIterations);
                    Score(features, starts[f], starts[f + 1] - starts[f], solutions[f], outputs, scores.AsSpan(starts[f] * outputs, (starts[f + 1] - starts[f]) * outputs));
                    progress?.Report((c + (f + 1.0) / count) / values.Length);
                }
                means[c] = score(order, starts, scores);
                sinceBest++;
                if (bestIndex >= 0 && !Evaluation.Metrics.IsBetter(options.Metric, means[c], means[bestIndex])) continue;
                (bestIndex, sinceBest, best) = (c, 0, (float[])scores.Clone());
                Array.Clear(bestSolution);
                foreach (var solution in solutions) VectorMath.Add(bestSolution, 1.0 / count, solution);
            }
            progress?.Report(1);
            var outOfFold = new float[best.Length];
            for (var i = 0; i < order.Length; i++) best.AsSpan(i * outputs, outputs).CopyTo(outOfFold.AsSpan(order[i] * outputs));
            return new CrossValidation(values, means, values[bestIndex], means[bestIndex], outOfFold, ToHead(features, bestSolution, loss),
                objectives.Sum(o => o.Evaluations), objectives.Sum(o => o.GigaFlop));
        }
        finally
        {
            foreach (var objective in objectives) objective?.Dispose();
        }
    }

    private static LinearHead Solve(FeatureMatrix x, ILinearLoss loss, float[]? rowWeights, LogisticRegressionOptions options, ScalarType type, CancellationToken cancellation)
    {
        using var features = new RotatedFeatures(x, [], type);
        using var objective = new LinearObjective(features, [(0, x.Rows)], loss, rowWeights, cancellation) { C = options.C };
        var parameters = new double[loss.Outputs * (x.Columns + 1)];
        if (options.Start is { } start)
        {
            var (weights, bias) = features.Turn(start.Weights, start.Bias);
            weights.CopyTo(parameters, 0);
            bias.CopyTo(parameters, weights.Length);
        }
        Solve(objective, parameters, options.Tolerance, options.MaxIterations);
        return ToHead(features, parameters, loss);
    }

    private static void Solve(LinearObjective objective, double[] parameters, double tolerance, int maxIterations)
    {
        objective.Rescale(objective.Curvatures(parameters));
        for (var i = 0; i < parameters.Length; i++) parameters[i] /= objective.Scale[i];
        new Lbfgs(objective.Evaluate, tolerance, maxIterations).Minimize(parameters);
        for (var i = 0; i < parameters.Length; i++) parameters[i] *= objective.Scale[i];
    }

    private static LinearHead ToHead(RotatedFeatures features, ReadOnlySpan<double> parameters, ILinearLoss loss)
    {
        var size = loss.Outputs * features.Columns;
        var (weights, bias) = features.TurnBack(parameters[..size], parameters[size..]);
        var middle = loss.ShiftIsFree ? bias.Average() : 0; // of the biases that give the same model the zero-mean one is the conventional choice
        return new LinearHead([.. weights.Select(value => (float)value)], [.. bias.Select(value => (float)(value - middle))], features.Columns);
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
}
