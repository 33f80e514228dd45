using Polymath.Evaluation;

namespace Polymath.Cli.Common;

/// <summary>Writes what was measured: each number with its bootstrap interval.</summary>
internal static class Measures
{
    private static readonly Metric[] Shown = [Metric.Accuracy, Metric.MacroF1, Metric.Matthews, Metric.LogLoss, Metric.CalibrationError];

    /// <summary>The numbers with intervals, and the confusion matrix where asked for.</summary>
    public static void Write(Streams streams, bool json, Outcomes outcomes, IReadOnlyList<string> labels, ulong seed, bool confusion)
    {
        var intervals = Shown.ToDictionary(metric => metric, metric => Bootstrap.Interval(metric, outcomes, seed: seed));
        var report = new ClassificationReport(outcomes);
        if (json)
        {
            var facts = new Dictionary<string, object?> { ["rows"] = outcomes.Rows };
            foreach (var (metric, interval) in intervals) facts[Key(metric)] = interval.Value;
            facts["intervals"] = intervals.ToDictionary(pair => Key(pair.Key), pair => new[] { pair.Value.Low, pair.Value.High });
            facts["classes"] = report.Classes.Select((c, k) => new { label = labels[k], precision = c.Precision, recall = c.Recall, f1 = c.F1, rows = c.Rows });
            if (confusion) facts["confusion"] = Enumerable.Range(0, labels.Count).Select(t => Enumerable.Range(0, labels.Count).Select(p => report.Confusion[t, p]));
            streams.WriteJson(facts);
            return;
        }
        streams.WriteTable([$"{outcomes.Rows:N0} rows", ">value", "95 % interval"], intervals.Select(pair => new[] { pair.Key.Name(), $"{pair.Value.Value:F4}", $"{pair.Value.Low:F4} to {pair.Value.High:F4}" }));
        if (labels.Count <= 40)
            streams.WriteTable(["label", ">precision", ">recall", ">F1", ">rows"], report.Classes.Select((c, k) => new[] { labels[k], $"{c.Precision:F3}", $"{c.Recall:F3}", $"{c.F1:F3}", $"{c.Rows:N0}" }));
        if (confusion)
            streams.WriteTable(["true \\ predicted", .. labels.Select(label => ">" + label)],
                labels.Select((label, t) => (string[])[label, .. labels.Select((_, p) => $"{report.Confusion[t, p]}")]));
    }

    /// <summary>macro-f1 → macroF1.</summary>
    public static string Key(Metric metric) => metric switch { Metric.MacroF1 => "macroF1", Metric.WeightedF1 => "weightedF1", Metric.Matthews => "mcc", Metric.LogLoss => "logLoss", Metric.CalibrationError => "calibrationError", _ => "accuracy" };
}
