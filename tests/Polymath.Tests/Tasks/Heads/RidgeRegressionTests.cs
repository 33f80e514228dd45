using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

public class RidgeRegressionTests
{
    [Theory]
    [InlineData(40, 6)]
    [InlineData(12, 30)] // more columns than rows
    public void The_closed_form_solves_the_normal_equations(int rows, int columns)
    {
        var (x, y) = Made(rows, columns);
        const double penalty = 0.3;
        var head = new RidgeRegression(x, y).Fit(penalty);
        var (weights, bias) = Normal(x, y, penalty * MeanVariance(x) * rows);
        for (var j = 0; j < columns; j++) Assert.Equal(weights[j], head.Weights[j], 1e-4);
        Assert.Equal(bias, head.Bias[0], 1e-4);
    }

    [Theory]
    [InlineData(25, 5)]
    [InlineData(10, 20)]
    public void Leaving_a_row_out_is_what_a_fit_without_it_predicts(int rows, int columns)
    {
        var (x, y) = Made(rows, columns);
        var lambda = 0.1 * MeanVariance(x) * rows;
        var found = new RidgeRegression(x, y).LeaveOut(0.1);
        for (var row = 0; row < rows; row++)
        {
            int[] others = [.. Enumerable.Range(0, rows).Where(i => i != row)];
            Assert.Equal(Predicted(x, y, others, row, lambda), found.LeftOut[row], 1e-4);
        }
        Assert.Equal(y.Zip(found.LeftOut, (a, b) => (a - b) * (a - b)).Average(), found.SquaredError, 1e-9);
    }

    [Fact]
    public void Leaving_a_fold_out_is_what_a_fit_without_it_predicts()
    {
        var (x, y) = Made(30, 8);
        var lambda = 0.5 * MeanVariance(x) * 30;
        int[] folds = [.. Enumerable.Range(0, 30).Select(i => i * 7 % 4)];
        var found = new RidgeRegression(x, y).LeaveOut(0.5, folds);
        for (var row = 0; row < 30; row++)
            Assert.Equal(Predicted(x, y, [.. Enumerable.Range(0, 30).Where(i => folds[i] != folds[row])], row, lambda), found.LeftOut[row], 1e-4);
    }

    [Fact]
    public void The_choice_follows_the_noise_and_neither_units_nor_offsets_matter()
    {
        var (x, y) = Made(60, 10);
        var clean = new RidgeRegression(x, y).Choose(RidgeRegression.DefaultGrid);
        var random = new SeededRandom(5);
        var noise = new RidgeRegression(x, [.. y.Select(_ => random.NextGaussian())]).Choose(RidgeRegression.DefaultGrid);
        Assert.True(clean.Penalty < 0.1 && noise.Penalty > 1, $"{clean.Penalty} {noise.Penalty}");
        var moved = new RidgeRegression(new FeatureMatrix([.. x.Values.Select(v => 100 * v + 7)], 60, 10), [.. y.Select(v => 50 * v - 1000)]).Choose(RidgeRegression.DefaultGrid);
        Assert.Equal(clean.Penalty, moved.Penalty);
        for (var i = 0; i < 60; i++) Assert.Equal(50 * clean.LeftOut[i] - 1000, moved.LeftOut[i], 0.05);
    }

    [Fact]
    public void Features_that_say_nothing_predict_the_mean()
    {
        var head = new RidgeRegression(new FeatureMatrix([.. Enumerable.Repeat(2f, 12)], 4, 3), [1, 2, 3, 6]).Fit(1);
        Assert.Equal(3, head.Scores(new FeatureMatrix([9, 9, 9], 1, 3))[0], 1e-5);
    }

    private static (FeatureMatrix X, double[] Y) Made(int rows, int columns)
    {
        var random = new SeededRandom(1);
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(random.NextGaussian() * (1 + i % columns) / columns + 0.5);
        var x = new FeatureMatrix(values, rows, columns);
        return (x, [.. Enumerable.Range(0, rows).Select(r => 3 + 2 * x.Row(r)[0] - x.Row(r)[columns - 1] + 0.1 * random.NextGaussian())]);
    }

    private static double MeanVariance(FeatureMatrix x) =>
        Enumerable.Range(0, x.Columns).Average(j =>
        {
            double[] column = [.. Enumerable.Range(0, x.Rows).Select(r => (double)x.Row(r)[j])];
            return column.Average(v => v * v) - Math.Pow(column.Average(), 2);
        });

    private static double Predicted(FeatureMatrix x, double[] y, int[] train, int row, double lambda)
    {
        var (weights, bias) = Normal(x.Take(train), [.. train.Select(i => y[i])], lambda);
        return bias + weights.Select((w, j) => w * x.Row(row)[j]).Sum();
    }

    /// <summary>[X 1]ᵀ[X 1] + λ diag(1, …, 1, 0), solved as it stands.</summary>
    private static (double[] Weights, double Bias) Normal(FeatureMatrix x, double[] y, double lambda)
    {
        using var scope = NewDisposeScope();
        var design = cat([x.AsTensor().to(ScalarType.Float64), ones(x.Rows, 1, ScalarType.Float64)], 1);
        var penalty = eye(x.Columns + 1, dtype: ScalarType.Float64) * lambda;
        penalty[x.Columns, x.Columns] = 0;
        var solution = linalg.solve(design.t().mm(design) + penalty, design.t().mv(tensor(y))).data<double>().ToArray();
        return (solution[..^1], solution[^1]);
    }
}
