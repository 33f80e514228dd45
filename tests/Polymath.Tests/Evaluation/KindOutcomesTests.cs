using CsCheck;
using Polymath.Evaluation;

namespace Polymath.Tests;

/// <summary>Metrics of several labels a row and of numbers.</summary>
public class KindOutcomesTests
{
    private static readonly double[] _halves = [0.5, 0.5, 0.5];

    [Theory]
    // Worked by hand: each true label's share of true labels among those ranked as high.
    [InlineData(new[] { true, false, false }, new[] { 0.9f, 0.5f, 0.1f }, 1)]
    [InlineData(new[] { false, true, false }, new[] { 0.9f, 0.5f, 0.1f }, 0.5)]
    [InlineData(new[] { false, false, true }, new[] { 0.9f, 0.5f, 0.1f }, 1 / 3.0)]
    [InlineData(new[] { true, false, true }, new[] { 0.9f, 0.5f, 0.1f }, (1 + 2 / 3.0) / 2)]
    [InlineData(new[] { true, false, false }, new[] { 0.5f, 0.5f, 0.1f }, 0.5)] // a tie counts against
    [InlineData(new[] { false, false, false }, new[] { 0.9f, 0.5f, 0.1f }, 1)]
    [InlineData(new[] { true, true, true }, new[] { 0.9f, 0.5f, 0.1f }, 1)]
    public void Label_ranking_is_what_a_hand_gets(bool[] truth, float[] probabilities, double expected) =>
        Assert.Equal(expected, Metric.LabelRanking.Compute(new MultiLabelOutcomes(truth, probabilities, _halves)), 1e-12);

    [Fact]
    public void Metrics_of_labels_are_what_a_hand_gets()
    {
        // Row 1: true a, b; predicted a, c. Row 2: true b; predicted b. Row 3: nothing, and nothing predicted.
        var outcomes = new MultiLabelOutcomes([true, true, false, false, true, false, false, false, false], [0.9f, 0.2f, 0.6f, 0.1f, 0.5f, 0.4f, 0.1f, 0.1f, 0.1f], _halves);
        Assert.Equal(2 * 2 / 6.0, Metric.MicroF1.Compute(outcomes), 1e-12);
        Assert.Equal((1 + 2 / 3.0 + 0) / 3, Metric.MacroF1.Compute(outcomes), 1e-12);
        Assert.Equal(2 / 3.0, Metric.ExactMatch.Compute(outcomes), 1e-12);
        Assert.Equal(2 / 9.0, Metric.HammingLoss.Compute(outcomes), 1e-12);
        Assert.Equal([1, 2 / 3.0, 0], outcomes.PerLabel().Select(label => label.F1));
        Assert.Equal((0.5, 1.0, 2), outcomes.PerLabel()[1] is var b ? (b.Recall, b.Precision, b.Rows) : default);
        Assert.Equal(0, Metric.MicroF1.Compute(new MultiLabelOutcomes([false], [0.1f], [0.5])));
        Assert.Contains("several labels", Assert.Throws<PolymathException>(() => Metric.Accuracy.Compute(outcomes)).Message);
    }

    [Fact]
    public void Metrics_of_numbers_are_what_a_hand_gets()
    {
        var outcomes = new RegressionOutcomes([1, 2, 4], [2, 2, 3]);
        Assert.Equal(2 / 3.0, Metric.MeanAbsoluteError.Compute(outcomes), 1e-12);
        Assert.Equal(Math.Sqrt(2 / 3.0), Metric.RootMeanSquaredError.Compute(outcomes), 1e-12);
        Assert.Equal(1 - 2 / (42 / 9.0), Metric.RSquared.Compute(outcomes), 1e-12);
        Assert.Equal(0, Metric.Spearman.Compute(new RegressionOutcomes([1, 2], [3, 3])));
        Assert.True(double.IsNaN(Metric.RSquared.Compute(new RegressionOutcomes([1, 1], [3, 2]))));
        Assert.Throws<PolymathException>(() => Metric.MicroF1.Compute(outcomes));
    }

    [Fact]
    public void Correlations_are_those_of_the_plain_functions() =>
        Gen.Select(Gen.Int[0, 5].Array[2, 30], Gen.Int).Sample((whole, seed) =>
        {
            var random = new SeededRandom((ulong)seed);
            double[] truth = [.. whole.Select(v => (double)v)], predicted = [.. whole.Select(v => (double)(v + random.Next(4)))];
            var outcomes = new RegressionOutcomes(truth, predicted);
            Assert.Equal(Correlation.Spearman(truth, predicted), Metric.Spearman.Compute(outcomes), 1e-9);
            Assert.Equal(Correlation.Pearson(truth, predicted), Metric.Pearson.Compute(outcomes), 1e-9);
        }, iter: 200);

    [Fact]
    public void Counting_a_row_twice_equals_having_it_twice() =>
        Gen.Int[0, 1000].Sample(seed =>
        {
            var random = new SeededRandom((ulong)seed);
            const int rows = 12;
            int[] counts = [.. Enumerable.Range(0, rows).Select(_ => random.Next(3))];
            counts[0] = counts[1] = 1;
            int[] drawn = [.. Enumerable.Range(0, rows).SelectMany(r => Enumerable.Repeat(r, counts[r]))];
            double[] truth = [.. Enumerable.Range(0, rows).Select(_ => (double)random.Next(5))], predicted = [.. truth.Select(v => v + random.Next(3))];
            bool[] marks = [.. Enumerable.Range(0, rows * 3).Select(_ => random.Next(3) == 0)];
            float[] probabilities = [.. Enumerable.Range(0, rows * 3).Select(_ => random.Next(10) / 10f)];
            int[] classes = [.. Enumerable.Range(0, rows).Select(r => r % 2)];
            float[] scores = [.. Enumerable.Range(0, rows * 2).Select(_ => (float)random.Next(4))];
            (TaskOutcomes All, TaskOutcomes Drawn, Metric[] Metrics)[] kinds =
            [
                (new RegressionOutcomes(truth, predicted), new RegressionOutcomes([.. drawn.Select(r => truth[r])], [.. drawn.Select(r => predicted[r])]),
                    [Metric.Spearman, Metric.Pearson, Metric.MeanAbsoluteError, Metric.RootMeanSquaredError]),
                (new MultiLabelOutcomes(marks, probabilities, _halves), new MultiLabelOutcomes(Take(marks, 3), Take(probabilities, 3), _halves),
                    [Metric.MicroF1, Metric.MacroF1, Metric.ExactMatch, Metric.HammingLoss, Metric.LabelRanking]),
                (Outcomes.FromScores(classes, scores, 2), Outcomes.FromScores(Take(classes, 1), Take(scores, 2), 2), [Metric.RocAuc]),
            ];
            foreach (var (all, some, metrics) in kinds)
                foreach (var metric in metrics) Assert.Equal(metric.Compute(some), metric.Compute(all, counts), 1e-9);

            T[] Take<T>(T[] values, int width) => [.. drawn.SelectMany(r => values[(r * width)..((r + 1) * width)])];
        }, iter: 100);

    [Fact]
    public void The_area_under_the_curve_is_that_of_the_ranking()
    {
        int[] labels = [0, 1, 1, 0, 1];
        float[] scores = [0, 1, 0, 2, 1, 1, 0, -1, 0, 5];
        var outcomes = Outcomes.FromScores(labels, scores, 2);
        Assert.Equal(Ranking.RocAuc([.. labels.Select(label => label == 1)], [1, 2, 0, -1, 5]), Metric.RocAuc.Compute(outcomes), 1e-12);
        Assert.True(double.IsNaN(Metric.RocAuc.Compute(new Outcomes(labels, labels, 2))));
        Assert.Contains("two classes", Assert.Throws<PolymathException>(() => Metric.RocAuc.Compute(new Outcomes([0, 1, 2], [0, 1, 2], 3))).Message);
    }

    [Fact]
    public void Intervals_and_comparisons_are_of_every_kind()
    {
        double[] truth = [.. Enumerable.Range(0, 60).Select(i => (double)i)];
        var random = new SeededRandom(3);
        var near = new RegressionOutcomes(truth, [.. truth.Select(v => v + random.NextGaussian())]);
        var far = new RegressionOutcomes(truth, [.. truth.Select(v => v + 40 * random.NextGaussian())]);
        var interval = Bootstrap.Interval(Metric.Spearman, far);
        Assert.InRange(interval.Value, interval.Low, interval.High);
        var difference = PairedBootstrap.Compare(Metric.Spearman, near, far);
        Assert.True(difference.Low > 0 && difference.P < 0.01, $"{difference}");
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Compare(Metric.Spearman, near, new RegressionOutcomes([.. truth.Reverse()], truth)));
        // A draw without one of the classes has no curve: it does not count, and the interval is still one of numbers.
        var few = Outcomes.FromScores([0, 0, 0, 1], [1, 0, 2, 0, 0, 1, 0, 2], 2);
        Assert.False(double.IsNaN(Bootstrap.Interval(Metric.RocAuc, few).Low));
    }
}
