using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tests;

public class MultiLabelRegressionTests
{
    [Fact]
    public void Every_label_is_the_logistic_regression_of_that_label_alone()
    {
        var (x, marks) = Made(120, 5);
        var head = MultiLabelRegression.Fit(x, marks, 3, new LogisticRegressionOptions { C = 2 });
        for (var k = 0; k < 3; k++)
        {
            int[] labels = [.. Enumerable.Range(0, 120).Select(r => marks[r * 3 + k] ? 1 : 0)];
            // Softmax over two classes has two opposite halves: half of C is the same model.
            var alone = LogisticRegression.Fit(x, labels, 2, new LogisticRegressionOptions { C = 1 });
            for (var j = 0; j < 5; j++) Assert.Equal(alone.Weights[5 + j] - alone.Weights[j], head.Weights[k * 5 + j], 1e-3);
            Assert.Equal(alone.Bias[1] - alone.Bias[0], head.Bias[k], 1e-3);
        }
    }

    [Fact]
    public void The_sparse_solver_finds_the_dense_optimum()
    {
        var (x, marks) = Made(120, 5);
        var dense = MultiLabelRegression.Fit(x, marks, 3, new LogisticRegressionOptions { C = 2 });
        var sparse = new SparseLinearModel(TfidfTests.Sparse(x), new SparseSigmoid(marks, 3), default);
        sparse.Solve(2, 1e-9);
        for (var k = 0; k < 3; k++)
            for (var j = 0; j < 5; j++) Assert.Equal(dense.Weights[k * 5 + j], sparse.Weights[j * 3 + k], 2e-3);

        double[] values = [.. Enumerable.Range(0, 120).Select(r => 1.0 + x.Row(r)[0] - 0.5 * x.Row(r)[1] + 0.1 * x.Row(r)[2])];
        var ridge = new RidgeRegression(x, values);
        var squares = new SparseLinearModel(TfidfTests.Sparse(x), new SparseSquares(values), default);
        var variance = Enumerable.Range(0, 5).Average(j => Enumerable.Range(0, 120).Average(r => Math.Pow(x.Row(r)[j], 2)) - Math.Pow(Enumerable.Range(0, 120).Average(r => x.Row(r)[j]), 2));
        squares.Solve(1 / (0.1 * 120 * variance), 1e-10);
        var expected = ridge.Fit(0.1);
        for (var j = 0; j < 5; j++) Assert.Equal(expected.Weights[j], squares.Weights[j], 2e-3);
        Assert.Equal(expected.Bias[0], squares.Weights[5], 2e-3);
    }

    [Fact]
    public void Cross_validation_leaves_rows_out_and_prefers_what_predicts_them()
    {
        var (x, marks) = Made(150, 5);
        int[] folds = [.. Enumerable.Range(0, 150).Select(r => r % 5)];
        var found = MultiLabelRegression.CrossValidate(x, marks, 3, folds, [0.001, 1], new CrossValidationOptions { Metric = Metric.MicroF1, Patience = 0, Tolerance = 1e-7 });
        Assert.Equal(1, found.BestC);
        int[] inside = [.. Enumerable.Range(0, 150).Where(r => folds[r] != 2)], outside = [.. Enumerable.Range(0, 150).Where(r => folds[r] == 2)];
        var scores = MultiLabelRegression.Fit(x.Take(inside), [.. inside.SelectMany(r => marks[(r * 3)..(r * 3 + 3)])], 3).Scores(x.Take(outside));
        for (var i = 0; i < outside.Length; i++)
            for (var k = 0; k < 3; k++) Assert.Equal(scores[i * 3 + k], found.OutOfFoldScores[outside[i] * 3 + k], 0.05);
    }

    [Fact]
    public void A_frequent_label_has_the_threshold_that_separates_it()
    {
        // 200 rows: true ones at 0.3, false ones at 0.1; everything between separates.
        bool[] truth = [.. Enumerable.Range(0, 200).Select(r => r % 2 == 0)];
        float[] probabilities = [.. truth.Select(mark => mark ? 0.3f : 0.1f)];
        Assert.InRange(Assert.Single(Thresholds.Choose(truth, probabilities, 1)), 0.1001, 0.3);
    }

    [Fact]
    public void A_rare_label_follows_the_others()
    {
        // Label 0: 100 of 200 rows, separated at 0.3. Label 1: a single true row, at 0.9, and false ones at 0.05.
        var (truth, probabilities) = (new bool[400], new float[400]);
        for (var r = 0; r < 200; r++)
        {
            (truth[2 * r], probabilities[2 * r]) = (r % 2 == 0, r % 2 == 0 ? 0.35f : 0.25f);
            (truth[2 * r + 1], probabilities[2 * r + 1]) = (r == 0, r == 0 ? 0.9f : 0.05f);
        }
        var thresholds = Thresholds.Choose(truth, probabilities, 2);
        Assert.InRange(thresholds[0], 0.25, 0.35);
        Assert.InRange(thresholds[1], 0.25, 0.35);
        Assert.Equal([0.5, 0.5], Thresholds.Choose(new bool[4], [0.1f, 0.2f, 0.3f, 0.4f], 2));
        Assert.All(Thresholds.Choose([true, false], [0f, 1f], 1), threshold => Assert.InRange(threshold, 0.0001, 0.9999));
    }

    [Fact]
    public void A_label_that_no_row_or_every_row_has_is_learned_as_such()
    {
        var (x, marks) = Made(60, 5);
        for (var r = 0; r < 60; r++) (marks[r * 3], marks[r * 3 + 1]) = (true, false);
        var probabilities = MultiLabelRegression.Probabilities(MultiLabelRegression.Fit(x, marks, 3).Scores(x));
        for (var r = 0; r < 60; r++) Assert.True(probabilities[r * 3] > 0.99f && probabilities[r * 3 + 1] < 0.01f);
    }

    /// <summary>Three labels that depend on the first columns, with noise.</summary>
    private static (FeatureMatrix X, bool[] Marks) Made(int rows, int columns)
    {
        var random = new SeededRandom(2);
        var x = new FeatureMatrix([.. Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextGaussian())], rows, columns);
        return (x, [.. Enumerable.Range(0, rows).SelectMany(r => Enumerable.Range(0, 3).Select(k => (1 + k) * x.Values[r * columns + k] + 0.5 * random.NextGaussian() > 0.4 * k))]);
    }
}
