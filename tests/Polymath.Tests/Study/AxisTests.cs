using CsCheck;
using Polymath.Study.Report;

namespace Polymath.Tests;

/// <summary>Axes of the report's drawings.</summary>
public class AxisTests
{
    [Fact]
    public void Scores_lie_on_the_axis_and_ticks_are_round()
    {
        Gen.Double[-0.4, 1].Array[1, 8].Sample(scores =>
        {
            var (axis, ticks) = Axis.OfScores(scores, 100, 0);
            Assert.InRange(ticks.Length, 2, 12);
            Assert.All(ticks, tick => Assert.InRange(axis.At(tick), 0, 100));
            Assert.All(ticks, tick => Assert.Equal(Math.Round(tick * 10), tick * 10, 1e-6));
            foreach (var (low, high) in scores.Order().Zip(scores.Order().Skip(1))) Assert.True(axis.At(low) >= axis.At(high));
        }, iter: 300);
    }

    [Fact]
    public void Labels_are_moved_apart_and_stay_inside()
    {
        Gen.Double[0, 200].Array[1, 8].Sample(places =>
        {
            var moved = Axis.Spread(places, 13, 0, 200).Order().ToArray();
            Assert.All(moved, place => Assert.InRange(place, 0, 200));
            foreach (var (a, b) in moved.Zip(moved.Skip(1))) Assert.True(b - a > 9, $"{a} {b}");
        }, iter: 300);
    }

    [Fact]
    public void Decades_enclose_the_values()
    {
        var (from, to, ticks) = Axis.Decades([8, 38_000]);
        Assert.Equal((1, 100_000, 6), (from, to, ticks.Length));
        Assert.Equal(["1", "1 k", "2.5 M"], new double[] { 1, 1000, 2.5e6 }.Select(Axis.Short));
    }
}
