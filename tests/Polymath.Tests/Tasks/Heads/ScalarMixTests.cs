using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>Layers mixed by learned weights.</summary>
public sealed class ScalarMixTests
{
    private const int Layers = 4, Width = 5;

    [Fact]
    public void One_layer_that_tells_the_classes_apart_is_found()
    {
        var (x, labels) = Rows(300, useful: 2);
        var fit = ScalarMix.Fit(x, Width, labels, 3);
        Assert.Equal(1, fit.Shares.Sum(), 5);
        Assert.True(fit.Shares[2] > 0.7, string.Join(' ', fit.Shares));
        Assert.Equal(2, Array.IndexOf([.. fit.Mix.Weights], fit.Mix.Weights.Max()));
        var mixed = Mixed(x, fit.Mix);
        Assert.True(fit.Head.Predict(mixed).Zip(labels).Count(pair => pair.First == pair.Second) > 280);
    }

    [Fact]
    public void The_same_rows_and_seed_give_the_same_bits_and_training_stops_by_itself()
    {
        var (x, labels) = Rows(120, useful: 1);
        var options = new ScalarMixOptions { Seed = 3, Epochs = 500 };
        ScalarMixFit first = ScalarMix.Fit(x, Width, labels, 3, options), again = ScalarMix.Fit(x, Width, labels, 3, options);
        Assert.Equal(first.Mix, again.Mix);
        Assert.Equal(first.Head.Weights, again.Head.Weights);
        Assert.InRange(first.Epochs, options.Patience, 499);
        Assert.NotEqual(first.Mix, ScalarMix.Fit(x, Width, labels, 3, options with { Seed = 4 }).Mix);
    }

    [Fact]
    public void Gradients_are_those_of_finite_differences()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(5);
        Tensor Random(params long[] shape) => tensor(Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextGaussian()).ToArray()).view(shape);
        Tensor rows = Random(7, Layers, Width), labels = tensor(new long[] { 0, 1, 2, 0, 1, 2, 1 }).view(-1, 1);
        Tensor[] at = [Random(Layers), Random(1), Random(3, Width), Random(3)];
        double Loss() => ScalarMixObjective.Loss(rows, labels, at[0], at[1], at[2], at[3]);
        var g = ScalarMixObjective.Evaluate(rows, labels, at[0], at[1], at[2], at[3]);
        Assert.Equal(Loss(), g.Loss, 12);
        Tensor[] gradients = [g.Shares, g.Scale, g.Weights, g.Bias];
        for (var p = 0; p < at.Length; p++)
        {
            var flat = at[p].view(-1);
            for (var i = 0; i < flat.shape[0]; i++)
            {
                double value = flat[i].item<double>(), above, below;
                const double step = 1e-6;
                flat[i] = tensor(value + step);
                above = Loss();
                flat[i] = tensor(value - step);
                below = Loss();
                flat[i] = tensor(value);
                Assert.Equal((above - below) / (2 * step), gradients[p].view(-1)[i].item<double>(), 7);
            }
        }
    }

    [Fact]
    public void A_mix_is_written_read_and_compared_by_its_weights()
    {
        var mix = LayerMix.Weighted([0.25f, -1.5f, 3e-8f]);
        Assert.Equal("mix:0.25,-1.5,3E-08", mix.ToString());
        Assert.Equal(mix, LayerMix.Parse(mix.ToString()));
        Assert.NotEqual(mix, LayerMix.Weighted([0.25f, -1.5f, 4e-8f]));
        Assert.Equal(LayerMix.ScalarMix, LayerMix.Parse("scalar-mix"));
        Assert.True(LayerMix.ScalarMix.IsToBeLearned);
        Assert.Contains("3 weights", Assert.Throws<PolymathException>(() => mix.Check(3)).Message);
        Assert.Contains("'x'", Assert.Throws<PolymathException>(() => LayerMix.Parse("mix:1,x")).Message);
        mix.Check(2);
        var mixed = new float[2];
        LayerMix.Weighted([2, 0, 1]).Apply([1, 2, 3, 4, 5, 6], 2, mixed);
        Assert.Equal([7, 10], mixed);
    }

    private static FeatureMatrix Mixed(FeatureMatrix x, LayerMix mix)
    {
        var values = new float[x.Rows * Width];
        for (var r = 0; r < x.Rows; r++) mix.Apply(x.Row(r), Width, values.AsSpan(r * Width, Width));
        return new FeatureMatrix(values, x.Rows, Width);
    }

    /// <summary>Noise everywhere; in one layer the class moves three of the values.</summary>
    private static (FeatureMatrix X, int[] Labels) Rows(int rows, int useful)
    {
        var random = new SeededRandom(7);
        var values = new float[rows * Layers * Width];
        int[] labels = [.. Enumerable.Range(0, rows).Select(r => r % 3)];
        for (var i = 0; i < values.Length; i++) values[i] = (float)random.NextGaussian() + 3;
        for (var r = 0; r < rows; r++) values[(r * Layers + useful) * Width + labels[r]] += 4;
        return (new FeatureMatrix(values, rows, Layers * Width), labels);
    }
}
