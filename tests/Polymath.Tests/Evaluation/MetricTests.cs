using CsCheck;
using Polymath.Evaluation;

namespace Polymath.Tests;

public class MetricTests
{
    private static readonly Gen<(int Classes, int[] Labels, int[] Predicted)> s_cases =
        from classes in Gen.Int[2, 6]
        from rows in Gen.Int[1, 40]
        from labels in Gen.Int[0, classes - 1].Array[rows]
        from predicted in Gen.Int[0, classes - 1].Array[rows]
        select (classes, labels, predicted);

    [Fact]
    public void Values_are_those_of_the_reference()
    {
        var facts = ClassicalReference.Facts.GetProperty("metrics");
        var report = new ClassificationReport(new Outcomes(facts.GetProperty("labels").Integers(), facts.GetProperty("predictions").Integers(), 4));
        Assert.Equal(facts.GetProperty("accuracy").GetDouble(), report.Accuracy, 1e-12);
        Assert.Equal(facts.GetProperty("micro_f1").GetDouble(), report.Accuracy, 1e-12);
        Assert.Equal(facts.GetProperty("macro_f1").GetDouble(), report.MacroF1, 1e-12);
        Assert.Equal(facts.GetProperty("weighted_f1").GetDouble(), report.WeightedF1, 1e-12);
        Assert.Equal(facts.GetProperty("matthews").GetDouble(), report.Matthews, 1e-12);
        var confusion = facts.GetProperty("confusion_rows_true").Rows();
        for (var i = 0; i < 4; i++)
            for (var j = 0; j < 4; j++) Assert.Equal(confusion[i][j], report.Confusion[i, j]);
        bool[] positive = [.. facts.GetProperty("binary_labels").Integers().Select(v => v == 1)];
        var scores = facts.GetProperty("scores").Numbers();
        Assert.Equal(facts.GetProperty("roc_auc").GetDouble(), Ranking.RocAuc(positive, scores), 1e-12);
        Assert.Equal(facts.GetProperty("average_precision").GetDouble(), Ranking.AveragePrecision(positive, scores), 1e-12);
        Assert.True(double.IsNaN(report.LogLoss) && double.IsNaN(report.CalibrationError));
    }

    [Fact]
    public void Linear_cka_is_that_of_the_reference()
    {
        var value = LinearCka.Compute(ClassicalReference.Matrix("cka.a"), ClassicalReference.Matrix("cka.b"));
        // The reference was computed before its input b was rounded to float32.
        Assert.Equal(ClassicalReference.Facts.GetProperty("linear_cka").GetProperty("value").GetDouble(), value, 1e-7);
        Assert.Equal(1, LinearCka.Compute(ClassicalReference.X, ClassicalReference.X), 1e-12);
    }

    [Fact]
    public void F1_and_matthews_match_their_definitions() => s_cases.Sample(c =>
    {
        var report = new ClassificationReport(new Outcomes(c.Labels, c.Predicted, c.Classes));
        var scores = new List<double>();
        for (var k = 0; k < c.Classes; k++)
        {
            var pairs = c.Labels.Zip(c.Predicted).ToArray();
            double hits = pairs.Count(p => p.First == k && p.Second == k), predicted = c.Predicted.Count(p => p == k), rows = c.Labels.Count(l => l == k);
            double precision = predicted == 0 ? 0 : hits / predicted, recall = rows == 0 ? 0 : hits / rows;
            var f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
            Assert.Equal(precision, report.Classes[k].Precision, 1e-12);
            Assert.Equal(recall, report.Classes[k].Recall, 1e-12);
            Assert.Equal(f1, report.Classes[k].F1, 1e-12);
            if (predicted + rows > 0) scores.Add(f1);
        }
        Assert.Equal(scores.Average(), report.MacroF1, 1e-12);
        Assert.Equal(Correlation(c.Labels, c.Predicted, c.Classes), report.Matthews, 1e-9);
    }, iter: 300);

    [Fact]
    public void Counting_a_row_twice_equals_having_it_twice() => s_cases.Sample(c =>
    {
        var random = new SeededRandom((ulong)c.Labels.Length);
        int[] counts = [.. c.Labels.Select(_ => random.Next(3))];
        counts[0]++;
        int[] Repeat(int[] values) => [.. values.SelectMany((v, i) => Enumerable.Repeat(v, counts[i]))];
        foreach (var metric in new[] { Metric.Accuracy, Metric.MacroF1, Metric.WeightedF1, Metric.Matthews })
            Assert.Equal(metric.Compute(new Outcomes(Repeat(c.Labels), Repeat(c.Predicted), c.Classes)), metric.Compute(new Outcomes(c.Labels, c.Predicted, c.Classes), counts), 1e-12);
    }, iter: 200);

    [Fact]
    public void Log_loss_and_calibration_come_from_the_softmax_of_the_scores()
    {
        float[] scores = [0, (float)Math.Log(3), (float)Math.Log(9), 0, 0, 0]; // p(1) = 3/4, p(0) = 9/10, p(0) = 1/2 (a tie)
        var outcomes = Outcomes.FromScores([1, 1, 0], scores, 2);
        Assert.Equal([1, 0, 0], outcomes.Predicted);
        Assert.Equal(-(Math.Log(0.75) + Math.Log(0.1) + Math.Log(0.5)) / 3, Metric.LogLoss.Compute(outcomes), 1e-6);
        Assert.Equal((0.25 + 0.9 + 0.5) / 3, Metric.CalibrationError.Compute(outcomes), 1e-6);
    }

    [Fact]
    public void Calibration_gaps_of_one_bin_cancel_before_they_count()
    {
        // Four rows at confidence 3/4, three right: perfectly calibrated.
        var x = (float)Math.Log(3);
        var outcomes = Outcomes.FromScores([0, 0, 0, 1], [x, 0, x, 0, x, 0, x, 0], 2);
        Assert.Equal(0, Metric.CalibrationError.Compute(outcomes), 1e-6);
    }

    [Fact]
    public void Names_are_parsed_and_unknown_ones_are_listed()
    {
        foreach (var metric in Enum.GetValues<Metric>()) Assert.Equal(metric, Metrics.Parse(metric.Name().ToUpperInvariant().Replace('-', '_')));
        Assert.Contains("macro-f1", Assert.Throws<PolymathException>(() => Metrics.Parse("auc")).Message);
        Assert.True(Metric.LogLoss.IsBetter(0.1, 0.2) && Metric.Accuracy.IsBetter(0.2, 0.1) && Metric.Accuracy.IsBetter(0.2, double.NaN) && !Metric.Accuracy.IsBetter(double.NaN, 0.2));
    }

    [Fact]
    public void Ranking_handles_ties_as_half()
    {
        Assert.Equal(0.5, Ranking.RocAuc([true, false, true, false], [1, 1, 1, 1]), 1e-12);
        Assert.Equal(0.5, Ranking.AveragePrecision([true, false, true, false], [1, 1, 1, 1]), 1e-12);
        Assert.Equal(1, Ranking.RocAuc([true, false], [2, 1]), 1e-12);
    }

    // The correlation of the one-hot matrices, Σ cov / √(Σ var Σ var): Gorodkin's definition.
    private static double Correlation(int[] a, int[] b, int classes)
    {
        double Covariance(int[] x, int[] y) => Enumerable.Range(0, classes).Sum(k =>
            x.Zip(y).Average(p => (p.First == k ? 1.0 : 0) * (p.Second == k ? 1 : 0)) - x.Average(v => v == k ? 1.0 : 0) * y.Average(v => v == k ? 1.0 : 0));
        var spread = Covariance(a, a) * Covariance(b, b);
        return spread < 1e-12 ? 0 : Covariance(a, b) / Math.Sqrt(spread);
    }
}
