using Polymath.Evaluation;
using Polymath.Tagging;
using Polymath.Tasks;
using Polymath.Tasks.Scope;

namespace Polymath.Cli.Common;

/// <summary>Writes what was measured: each number with its bootstrap interval.</summary>
internal static class Measures
{
    /// <summary>The numbers with intervals, what became of each class or label, and the confusion matrix where asked for.</summary>
    public static void Write(Streams streams, bool json, TaskKind kind, TaskOutcomes outcomes, IReadOnlyList<string> labels, ulong seed, bool confusion, ScopeReport? scope = null)
    {
        var intervals = TaskMetrics.Shown(kind, labels.Count).ToDictionary(metric => metric, metric => Bootstrap.Interval(metric, outcomes, seed: seed));
        var report = outcomes is Outcomes classes ? new ClassificationReport(classes) : null;
        if (confusion && report is null) throw new PolymathException($"--confusion is for tasks of one class a row, not for {kind.Name()}");
        var each = report?.Classes ?? (outcomes as MultiLabelOutcomes)?.PerLabel() ?? (outcomes as TaggingOutcomes)?.PerKind() ?? [];
        if (json)
        {
            var facts = new Dictionary<string, object?> { ["rows"] = outcomes.Rows };
            foreach (var (metric, interval) in intervals) facts[Key(metric)] = interval.Value;
            facts["intervals"] = intervals.ToDictionary(pair => Key(pair.Key), pair => new[] { pair.Value.Low, pair.Value.High });
            if (each.Count > 0) facts[outcomes is TaggingOutcomes ? "spans" : report is null ? "labels" : "classes"] = each.Select((c, k) => new { label = labels[k], precision = c.Precision, recall = c.Recall, f1 = c.F1, rows = c.Rows });
            if (confusion) facts["confusion"] = Enumerable.Range(0, labels.Count).Select(t => Enumerable.Range(0, labels.Count).Select(p => report!.Confusion[t, p]));
            if (scope is not null) facts["outOfScope"] = new { auroc = scope.Auroc, kept = scope.Kept, caught = scope.Caught, rows = scope.OutOfScopeRows };
            streams.WriteJson(facts);
            return;
        }
        streams.WriteTable([$"{outcomes.Rows:N0} rows", ">value", "95 % interval"], intervals.Select(pair => new[] { pair.Key.Name(), $"{pair.Value.Value:F4}", $"{pair.Value.Low:F4} to {pair.Value.High:F4}" }));
        if (each.Count is > 0 and <= 40)
            streams.WriteTable(["label", ">precision", ">recall", ">F1", ">rows"], each.Select((c, k) => new[] { labels[k], $"{c.Precision:F3}", $"{c.Recall:F3}", $"{c.F1:F3}", $"{c.Rows:N0}" }));
        if (scope is not null) streams.WriteTable([$"{scope.OutOfScopeRows:N0} rows out of scope", ">value"], [["AUROC", $"{scope.Auroc:F4}"], ["in-scope rows kept", $"{scope.Kept:P1}"], ["out-of-scope rows caught", $"{scope.Caught:P1}"]]);
        if (confusion)
            streams.WriteTable(["true \\ predicted", .. labels.Select(label => ">" + label)],
                labels.Select((label, t) => (string[])[label, .. labels.Select((_, p) => $"{report!.Confusion[t, p]}")]));
    }

    /// <summary>macro-f1 → macroF1.</summary>
    public static string Key(Metric metric) => string.Concat(metric.Name().Split('-').Select((word, at) => at == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}
