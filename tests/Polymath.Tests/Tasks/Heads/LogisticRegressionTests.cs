using System.Diagnostics;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using TorchSharp;

namespace Polymath.Tests;

public class LogisticRegressionTests
{
    [Theory]
    [InlineData("0.1")]
    [InlineData("1.0")]
    [InlineData("10.0")]
    public void The_optimum_is_the_reference_optimum(string c)
    {
        var (x, y) = (ClassicalReference.X, ClassicalReference.Y);
        var expected = ClassicalReference.Facts.GetProperty($"logistic_regression C={c}");
        var head = LogisticRegression.Fit(x, y, 4, new LogisticRegressionOptions { C = double.Parse(c) });
        var best = expected.GetProperty("objective").GetDouble();
        // The reference stopped a little short of the optimum: never above it, and close.
        Assert.InRange(Objective(head, x, y, double.Parse(c)) / best, 1 - 1e-6, 1 + 1e-10);
        var coefficients = expected.GetProperty("coefficients").Rows().SelectMany(row => row).ToArray();
        for (var i = 0; i < coefficients.Length; i++) Assert.Equal(coefficients[i], head.Weights[i], 5e-5);
        var intercepts = expected.GetProperty("intercept").Numbers();
        for (var k = 0; k < 4; k++) Assert.Equal(intercepts[k], head.Bias[k], 5e-5);
    }

    [Fact]
    public void Single_precision_comes_within_the_objective_bar()
    {
        var (x, y) = (ClassicalReference.X, ClassicalReference.Y);
        var best = ClassicalReference.Facts.GetProperty("logistic_regression C=1.0").GetProperty("objective").GetDouble();
        var head = LogisticRegression.Fit(x, y, 4, new LogisticRegressionOptions { DoublePrecision = false });
        Assert.InRange(Objective(head, x, y, 1) / best, 1 - 1e-6, 1 + 1e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_gradient_is_the_slope_of_the_objective(bool weighted)
    {
        var (x, y) = Synthetic.Clusters(60, 7, 5, 1, 3);
        var weights = weighted ? y.Select(k => 0.5f + k).ToArray() : null;
        using var features = new RotatedFeatures(x, [], torch.ScalarType.Float64);
        using var objective = new LinearObjective(features, [(0, 20), (35, 25)], new SoftmaxLoss(y, 5), weights, default) { C = 3 };
        var random = new SeededRandom(1);
        var at = Enumerable.Range(0, 40).Select(_ => random.NextGaussian()).ToArray();
        double[] gradient = new double[40], unused = new double[40];
        objective.Evaluate(at, gradient);
        for (var i = 0; i < at.Length; i++)
        {
            double kept = at[i], h = 1e-5;
            at[i] = kept + h;
            var up = objective.Evaluate(at, unused);
            at[i] = kept - h;
            var down = objective.Evaluate(at, unused);
            at[i] = kept;
            Assert.Equal((up - down) / (2 * h), gradient[i], 1e-5 * Math.Max(1, Math.Abs(gradient[i])));
        }
    }

    [Fact]
    public void Row_order_start_and_shift_of_the_features_do_not_move_the_optimum()
    {
        var (x, y) = Synthetic.Clusters(200, 6, 3, 2, 5);
        var options = new LogisticRegressionOptions { C = 2 };
        var plain = LogisticRegression.Fit(x, y, 3, options);
        var order = Enumerable.Range(0, 200).ToArray();
        new SeededRandom(2).Shuffle<int>(order);
        var shuffled = LogisticRegression.Fit(x.Take(order), [.. order.Select(i => y[i])], 3, options);
        var warm = LogisticRegression.Fit(x, y, 3, options with { Start = LogisticRegression.Fit(x, y, 3, options with { C = 50 }) });
        var shifted = LogisticRegression.Fit(new FeatureMatrix([.. x.Values.Select(v => v + 3)], 200, 6), y, 3, options);
        foreach (var other in new[] { shuffled, warm, shifted })
            for (var i = 0; i < plain.Weights.Length; i++) Assert.Equal(plain.Weights[i], other.Weights[i], 2e-5);
    }

    [Fact]
    public void Class_weights_count_rows_as_copies_would()
    {
        var (x, y) = Synthetic.Clusters(90, 4, 3, 1, 8);
        var copies = Enumerable.Range(0, 90).SelectMany(i => Enumerable.Repeat(i, 1 + y[i])).ToArray();
        var copied = LogisticRegression.Fit(x.Take(copies), [.. copies.Select(i => y[i])], 3);
        var weighted = LogisticRegression.Fit(x, y, 3, new LogisticRegressionOptions { ClassWeights = [1, 2, 3] });
        for (var i = 0; i < copied.Weights.Length; i++) Assert.Equal(copied.Weights[i], weighted.Weights[i], 1e-5);
        Assert.Equal([1.5, 0.75, 0], LogisticRegression.BalancedWeights([0, 1, 1], 2).Append(0));
    }

    [Fact]
    public void A_class_without_rows_is_improbable_and_finite()
    {
        var (x, y) = Synthetic.Clusters(80, 4, 3, 2, 8);
        var head = LogisticRegression.Fit(x, y, 5);
        Assert.All(head.Bias, value => Assert.True(float.IsFinite(value)));
        Assert.All(head.Predict(x), k => Assert.InRange(k, 0, 2));
    }

    [Fact]
    public void Cross_validation_scores_are_those_of_separate_fits_that_never_see_the_held_rows()
    {
        var (x, y) = Synthetic.Clusters(150, 8, 3, 1.2, 4);
        var folds = Splits.Folds(y, 3, 1);
        var result = LogisticRegression.CrossValidate(x, y, 3, folds, [10, 0.01, 0.3], new CrossValidationOptions { Metric = Metric.LogLoss, Patience = 0, Tolerance = 1e-9 });
        Assert.Equal([0.01, 0.3, 10], result.Grid);
        for (var c = 0; c < 3; c++)
        {
            double sum = 0;
            for (var f = 0; f < 3; f++)
            {
                int[] inside = [.. Rows(i => folds[i] != f)], outside = [.. Rows(i => folds[i] == f)];
                var head = LogisticRegression.Fit(x.Take(inside), [.. inside.Select(i => y[i])], 3, new LogisticRegressionOptions { C = result.Grid[c] });
                var scores = head.Scores(x.Take(outside));
                sum += Metric.LogLoss.Compute(Outcomes.FromScores([.. outside.Select(i => y[i])], scores, 3)) / 3;
                if (result.Grid[c] != result.BestC) continue;
                for (var i = 0; i < outside.Length; i++)
                    for (var k = 1; k < 3; k++)
                    {
                        var margin = scores[i * 3 + k] - scores[i * 3];
                        Assert.Equal(margin, result.OutOfFoldScores[outside[i] * 3 + k] - result.OutOfFoldScores[outside[i] * 3], 0.01 * (1 + Math.Abs(margin)));
                    }
            }
            Assert.Equal(sum, result.Scores[c], 1e-4);
        }
        Assert.Equal(result.Scores.Min(), result.BestScore);

        IEnumerable<int> Rows(Func<int, bool> wanted) => Enumerable.Range(0, 150).Where(wanted);
    }

    [Fact]
    public void Two_runs_give_identical_bits_and_leave_no_tensor_behind()
    {
        var (x, y) = Synthetic.Clusters(300, 20, 4, 1, 6);
        var folds = Splits.Folds(y, 3, 1);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var first = LogisticRegression.CrossValidate(x, y, 4, folds);
        var second = LogisticRegression.CrossValidate(x, y, 4, folds);
        Assert.Equal(first.OutOfFoldScores, second.OutOfFoldScores);
        Assert.Equal(LogisticRegression.Fit(x, y, 4).Weights, LogisticRegression.Fit(x, y, 4).Weights);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Cancellation_stops_the_search()
    {
        var (x, y) = Synthetic.Clusters(100, 10, 4, 1, 6);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => LogisticRegression.CrossValidate(x, y, 4, Splits.Folds(y, 3, 1), cancellation: source.Token));
    }

    [Fact]
    public void A_head_comes_back_from_its_arrays_and_says_what_is_missing()
    {
        var head = LogisticRegression.Fit(ClassicalReference.X, ClassicalReference.Y, 4);
        var restored = Head.Restore(head.Kind, head.Arrays);
        Assert.Equal(head.Scores(ClassicalReference.X), restored.Scores(ClassicalReference.X));
        Assert.Contains("'bias' is missing", Assert.Throws<PolymathException>(() => Head.Restore("linear", [head.Arrays[0]])).Message);
        Assert.Contains("bias", Assert.Throws<PolymathException>(() => Head.Restore("linear", [head.Arrays[0], ("bias", [2], [1, 2])])).Message);
        Assert.Contains("'cubic' is unknown", Assert.Throws<PolymathException>(() => Head.Restore("cubic", head.Arrays)).Message);
    }

    [Theory(Explicit = true)]
    [InlineData(15000, 150, 60)]
    [InlineData(5452, 6, 5)]
    public void A_search_over_the_default_grid_is_fast(int rows, int classes, double seconds)
    {
        var (x, y) = Synthetic.Clusters(rows, 384, classes, 0.25, 1);
        // Variances that fall over three decades, as those of real features do.
        for (var i = 0; i < x.Values.Length; i++) x.Values[i] *= (float)(0.3 * Math.Pow(10, -1.5 * (i % 384) / 384.0));
        var folds = Splits.Folds(y, 5, 1);
        var (watch, busy) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
        var result = LogisticRegression.CrossValidate(x, y, classes, folds, [], new CrossValidationOptions { Patience = 0 });
        var search = watch.Elapsed.TotalSeconds;
        var searchBusy = (Process.GetCurrentProcess().TotalProcessorTime - busy).TotalSeconds;
        LogisticRegression.Fit(x, y, classes, new LogisticRegressionOptions { C = result.BestC, Start = result.Start });
        TestContext.Current.SendDiagnosticMessage($"search {search:F1} s ({searchBusy:F1} s of processor time), {result.Evaluations} evaluations, {result.GigaFlop:F0} GFLOP, "
            + $"scores {string.Join(' ', result.Scores.Select(s => s.ToString("F4")))}; final fit {watch.Elapsed.TotalSeconds - search:F1} s");
        Assert.InRange(search, 0, seconds);
    }

    private static double Objective(LinearHead head, FeatureMatrix x, int[] y, double c)
    {
        double sum = 0;
        for (var i = 0; i < x.Rows; i++)
        {
            var logits = new double[head.Classes];
            for (var k = 0; k < head.Classes; k++)
            {
                logits[k] = head.Bias[k];
                for (var j = 0; j < x.Columns; j++) logits[k] += (double)head.Weights[k * x.Columns + j] * x.Row(i)[j];
            }
            sum += Math.Log(logits.Sum(Math.Exp)) - logits[y[i]];
        }
        return c * sum + 0.5 * head.Weights.Sum(w => (double)w * w);
    }
}
