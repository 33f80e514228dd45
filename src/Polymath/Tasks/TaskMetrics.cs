using Polymath.Evaluation;
using Polymath.Tasks.Heads;

namespace Polymath.Tasks;

/// <summary>What each kind of task is measured by: the one place that knows.</summary>
public static class TaskMetrics
{
    /// <summary>The metric that selection optimises and that comparisons and intervals are of, unless another is asked for.</summary>
    public static Metric Main(TaskKind kind) => kind switch
    {
        TaskKind.MultiLabel => Metric.MicroF1,
        TaskKind.Regression => Metric.Spearman,
        TaskKind.TokenClassification => Metric.SpanF1,
        TaskKind.Generate => Metric.ExactMatch,
        _ => Metric.Accuracy,
    };

    /// <summary>The metrics that are shown, the main one first.</summary>
    /// <param name="kind">The kind of task.</param>
    /// <param name="classes">The number of classes; two have a ROC curve.</param>
    public static IReadOnlyList<Metric> Shown(TaskKind kind, int classes = 0) => kind switch
    {
        TaskKind.MultiLabel => [Metric.MicroF1, Metric.MacroF1, Metric.ExactMatch, Metric.HammingLoss, Metric.LabelRanking],
        TaskKind.Regression => [Metric.Spearman, Metric.Pearson, Metric.MeanAbsoluteError, Metric.RootMeanSquaredError, Metric.RSquared],
        TaskKind.TokenClassification => [Metric.SpanF1, Metric.SpanPrecision, Metric.SpanRecall, Metric.Accuracy],
        TaskKind.Generate => [Metric.ExactMatch, Metric.RougeL, Metric.Chrf, Metric.Perplexity],
        _ => [Metric.Accuracy, Metric.MacroF1, Metric.Matthews, Metric.LogLoss, Metric.CalibrationError, .. classes == 2 ? [Metric.RocAuc] : Array.Empty<Metric>()],
    };

    /// <summary>The metric asked for, or the kind's main one.</summary>
    /// <exception cref="PolymathException">The metric does not measure this kind.</exception>
    public static Metric Choose(TaskKind kind, Metric? asked, int classes = 0)
    {
        if (asked is not { } metric) return Main(kind);
        if (Applies(metric, kind) && (metric != Metric.RocAuc || classes is 0 or 2)) return metric;
        throw new PolymathException($"metric {metric.Name()} does not measure {(kind == TaskKind.Classification ? $"{classes} classes" : kind.Name())}; expected one of {string.Join(", ", Shown(kind, classes).Select(one => one.Name()))}");
    }

    /// <summary>The metric wanted where it measures the kind, else the kind's main one.</summary>
    internal static Metric WantedOrMain(TaskKind kind, Metric wanted) => Applies(wanted, kind) ? wanted : Main(kind);

    /// <summary>Whether a metric measures tasks of a kind.</summary>
    public static bool Applies(Metric metric, TaskKind kind) => metric == Metric.WeightedF1 ? kind == TaskKind.Classification : Shown(kind, 2).Contains(metric);

    /// <summary>What a head's scores say of rows whose truth is known.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="scores">The head's scores, [rows, classes or labels, or 1], row-major: logits, log odds, or values.</param>
    /// <param name="thresholds">For several labels the least probability of each; null takes one half.</param>
    public static TaskOutcomes Score(LabelledRows data, float[] scores, IReadOnlyList<double>? thresholds = null) => data.Kind switch
    {
        TaskKind.MultiLabel => new MultiLabelOutcomes(data.Marks, MultiLabelRegression.Probabilities(scores), thresholds ?? [.. Enumerable.Repeat(0.5, data.Classes)]),
        TaskKind.Regression => new RegressionOutcomes(data.Values, [.. scores.Select(score => (double)score)]),
        _ => Outcomes.FromScores(data.Labels, scores, data.Classes),
    };

    /// <summary>What an answer that never looks at the text is worth: the commonest class, the commonest label alone, the mean value, or the commonest answer.</summary>
    public static (string Name, TaskOutcomes Outcomes) Constant(LabelledRows train, LabelledRows test)
    {
        switch (train.Kind)
        {
            case TaskKind.MultiLabel:
                var counts = new int[train.Classes];
                for (var i = 0; i < train.Marks.Length; i++)
                    if (train.Marks[i]) counts[i % train.Classes]++;
                var (most, shares) = (counts.Max(), new float[test.Marks.Length]);
                for (var i = 0; i < shares.Length; i++) shares[i] = (float)counts[i % train.Classes] / most;
                return ("commonest label", new MultiLabelOutcomes(test.Marks, shares, [.. counts.Select((_, k) => k == Array.IndexOf(counts, most) ? 1.0 : 2.0)]));
            case TaskKind.Regression:
                var mean = train.Values.Average();
                return ("mean value", new RegressionOutcomes(test.Values, [.. test.Values.Select(_ => mean)]));
            case TaskKind.Generate:
                var answer = train.Rows.GroupBy(row => row.Label!).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).First().Key;
                return ("commonest answer", new TextOutcomes([.. test.Rows.Select(row => row.Label!)], [.. test.Rows.Select(_ => answer)]));
            default:
                var majority = train.Labels.GroupBy(label => label).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).First().Key;
                return ("majority", new Outcomes(test.Labels, [.. test.Labels.Select(_ => majority)], test.Classes));
        }
    }
}
