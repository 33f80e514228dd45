using Polymath.Evaluation;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>Scores answers by the main metric of the kind of task; higher is better, 1 is perfect.</summary>
internal static class StudyScore
{
    /// <summary>The name of the score with its unit, for tables.</summary>
    public static string Name(TaskKind kind) => kind switch
    {
        TaskKind.Classification => "accuracy, %",
        TaskKind.MultiLabel => "micro-F1, %",
        TaskKind.Regression => "Spearman × 100",
        _ => "span F1, %",
    };

    /// <summary>The score of answers to some rows as a function of how often each row counts (nothing: once), which is what the bootstrap asks.</summary>
    public static Func<int[], double> Of(StudyTask task, int[] rows, IReadOnlyList<RowAnswer> answers)
    {
        var outcomes = Outcomes(task, rows, answers);
        var metric = TaskMetrics.Main(task.Kind);
        return counts => metric.Compute(outcomes, counts);
    }

    /// <summary>Further measures of all rows, by name.</summary>
    public static Dictionary<string, double> Further(StudyTask task, int[] rows, IReadOnlyList<RowAnswer> answers)
    {
        var outcomes = Outcomes(task, rows, answers);
        return task.Kind switch
        {
            TaskKind.Classification => new() { ["macro-F1"] = Metric.MacroF1.Compute(outcomes) },
            TaskKind.MultiLabel => new() { ["macro-F1"] = Metric.MacroF1.Compute(outcomes), ["exact"] = Metric.ExactMatch.Compute(outcomes) },
            TaskKind.Regression => new() { ["mean error"] = Metric.MeanAbsoluteError.Compute(outcomes) },
            _ => new() { ["precision"] = Metric.SpanPrecision.Compute(outcomes), ["recall"] = Metric.SpanRecall.Compute(outcomes) },
        };
    }

    private static TaskOutcomes Outcomes(StudyTask task, int[] rows, IReadOnlyList<RowAnswer> answers)
    {
        var labels = task.Labels.Count;
        switch (task.Kind)
        {
            case TaskKind.Classification: return new Outcomes([.. rows.Select(row => task.Truth[row].Ids[0])], [.. answers.Select(answer => answer.Ids[0])], labels);
            case TaskKind.Regression: return new RegressionOutcomes([.. rows.Select(row => task.Data!.Values[row])], [.. answers.Select(answer => (double)answer.Numbers[0])]);
            case TaskKind.TokenClassification: return new TaggingOutcomes([.. rows.Select(row => Tags(task, task.Truth[row]))], [.. answers.Select(answer => Tags(task, answer))]);
            default:
                var (truth, given) = (new bool[rows.Length * labels], new float[rows.Length * labels]);
                for (var i = 0; i < rows.Length; i++)
                {
                    foreach (var label in task.Truth[rows[i]].Ids) truth[i * labels + label] = true;
                    foreach (var label in answers[i].Ids) given[i * labels + label] = 1;
                }
                return new MultiLabelOutcomes(truth, given, [.. Enumerable.Repeat(0.5, labels)]);
        }
    }

    /// <summary>The tags of an answer in words.</summary>
    public static string[] Tags(StudyTask task, RowAnswer answer) => [.. answer.Ids.Select(id => task.Labels[id])];
}
