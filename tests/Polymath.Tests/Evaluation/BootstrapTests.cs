using Polymath.Evaluation;

namespace Polymath.Tests;

public class BootstrapTests
{
    [Fact]
    public void The_interval_of_an_accuracy_is_close_to_the_normal_one()
    {
        int[] labels = new int[1000], predicted = [.. Enumerable.Range(0, 1000).Select(i => i < 800 ? 0 : 1)];
        var interval = Bootstrap.Interval(Metric.Accuracy, new Outcomes(labels, predicted, 2), seed: 4);
        var half = 1.96 * Math.Sqrt(0.8 * 0.2 / 1000);
        Assert.Equal(0.8, interval.Value, 1e-12);
        Assert.Equal(0.8 - half, interval.Low, 0.004);
        Assert.Equal(0.8 + half, interval.High, 0.004);
        Assert.Equal(interval, Bootstrap.Interval(Metric.Accuracy, new Outcomes(labels, predicted, 2), seed: 4));
        Assert.NotEqual(interval, Bootstrap.Interval(Metric.Accuracy, new Outcomes(labels, predicted, 2), resamples: 999, seed: 5));
    }

    [Fact]
    public void Percentiles_lie_between_order_statistics()
    {
        var (low, high) = Bootstrap.Percentiles([5, 1, 3, 2, 4], 0.5);
        Assert.Equal(2, low, 1e-12);
        Assert.Equal(4, high, 1e-12);
    }

    [Fact]
    public void Pairing_sees_a_difference_that_two_intervals_hide()
    {
        // Both are wrong on the same 200 rows of 1000; b is wrong on 15 more.
        int[] labels = new int[1000], a = [.. Enumerable.Range(0, 1000).Select(i => i < 200 ? 1 : 0)], b = [.. Enumerable.Range(0, 1000).Select(i => i < 215 ? 1 : 0)];
        Outcomes first = new(labels, a, 2), second = new(labels, b, 2);
        var paired = PairedBootstrap.Compare(Metric.Accuracy, first, second);
        Assert.Equal(0.015, paired.Difference, 1e-12);
        Assert.True(paired.Low > 0 && paired.P < 0.01, $"{paired}");
        Assert.True(Bootstrap.Interval(Metric.Accuracy, second).High > Bootstrap.Interval(Metric.Accuracy, first).Low);
        var swapped = PairedBootstrap.Compare(Metric.Accuracy, second, first);
        Assert.Equal(-paired.Difference, swapped.Difference, 1e-12);
        Assert.Equal(paired.P, swapped.P);
        Assert.Equal(1, PairedBootstrap.Compare(Metric.Accuracy, first, first).P);
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Compare(Metric.Accuracy, first, new Outcomes(a, a, 2)));
    }

    [Fact]
    public void The_generator_gives_the_published_numbers()
    {
        // First outputs of SplitMix64 for seed 1234567, as published with its reference implementation.
        var random = new SeededRandom(1234567);
        Assert.Equal(6457827717110365317UL, random.NextBits());
        Assert.Equal(3203168211198807973UL, random.NextBits());
        var draws = Enumerable.Range(0, 20_000).Select(_ => random.NextGaussian()).ToArray();
        Assert.Equal(0, draws.Average(), 0.03);
        Assert.Equal(1, draws.Average(d => d * d), 0.04);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.Next(3), 0, 2));
    }
}
