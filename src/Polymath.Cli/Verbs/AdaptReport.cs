using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>What adapt says when it is done: a table for people, an object for programs.</summary>
internal static class AdaptReport
{
    /// <summary>Writes what adapt learned and measured.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="json">Whether for programs.</param>
    /// <param name="task">The task that is kept.</param>
    /// <param name="scores">What was measured; empty where there was nothing to measure on.</param>
    /// <param name="searched">The task whose search chose how features are read.</param>
    /// <param name="plan">The rows.</param>
    /// <param name="metric">The metric of the intervals.</param>
    /// <param name="library">Where the task was saved.</param>
    public static void Write(Streams streams, bool json, LearnedTask task, IReadOnlyList<MethodScore> scores, LearnedTask searched, AdaptPlan plan, Metric metric, TaskLibrary library)
    {
        if (json)
        {
            streams.WriteJson(new
            {
                task = task.Name,
                method = task.Artifact.Method,
                kind = task.Kind.Name(),
                pairs = plan.Train.Pairs ? task.Artifact.PairEncoding ?? "joint" : null,
                labels = task.Labels.Names,
                library = library.Folder,
                generation = library.Generation,
                metric = metric.Name(),
                trainRows = plan.Train.Rows.Count,
                testRows = plan.Test?.Rows.Count,
                heldOut = plan.HeldOut is not null,
                learnedFromRows = task.Artifact.Training?.Rows,
                methods = scores.Select(s => new
                {
                    method = s.Method,
                    value = s.Interval.Value,
                    low = s.Interval.Low,
                    high = s.Interval.High,
                    accuracy = s.Outcomes is Outcomes one ? Metric.Accuracy.Compute(one) : (double?)null,
                    macroF1 = s.Outcomes is Outcomes or MultiLabelOutcomes ? Metric.MacroF1.Compute(s.Outcomes) : (double?)null,
                    measures = TaskMetrics.Shown(task.Kind, task.Labels.Count).ToDictionary(Measures.Key, shown => shown.Compute(s.Outcomes)),
                    seconds = s.Seconds,
                    differenceToTfidf = s.AgainstBaseline is { } d ? new[] { d.Difference, d.Low, d.High } : null,
                }),
                candidates = searched.Candidates.Count > 1 ? searched.Candidates.Select(c => new { features = c.Recipe.ToString(), screened = c.Screened, crossValidated = c.CrossValidated, c = c.C }) : null,
                layerShares = searched.ScalarMix?.Shares,
                layerScale = searched.ScalarMix?.Scale,
                outOfScope = task.Scope?.Record is { } scope ? new { score = scope.Score, threshold = scope.Threshold, keepRate = scope.KeepRate, rows = scope.Rows } : null,
                prompt = searched.Artifact.Prompt is { } prompt ? new { calibration = prompt.Calibration.Method, calibrationRows = prompt.Calibration.Rows, tried = prompt.Calibration.Tried, demonstrations = prompt.Demonstrations?.Method, shown = prompt.Demonstrations?.Count } : null,
                forwardedRows = searched.Report?.Computed,
                storedRows = searched.Report?.FromStore,
            });
            return;
        }
        if (scores.Count > 0)
            streams.WriteTable(["method", $">{metric.Name()}{(metric.IsShare() ? ", %" : "")}", "95 %", "against TF-IDF", ">time"], scores.Select(s => new[]
            {
                s.Method, Show(metric, s.Interval.Value), $"{Show(metric, s.Interval.Low)}–{Show(metric, s.Interval.High)}",
                s.AgainstBaseline is { } d ? $"{Show(metric, d.Difference, "+")} [{Show(metric, d.Low, "+")}, {Show(metric, d.High, "+")}]" : "", $"{s.Seconds:F1} s",
            }));
        if (searched.Candidates.FirstOrDefault() is { } best && searched.Candidates.Count > 1)
            streams.Output.WriteLine($"chosen of {searched.Candidates.Count} ways to read the layers: {best.Recipe} ({(double.IsNaN(best.CrossValidated) ? $"screened {best.Screened:F4}" : $"cross-validated {best.CrossValidated:F4}")})");
        if (searched.ScalarMix is { } mix)
            streams.Output.WriteLine($"layer mix: {string.Join(", ", mix.Shares.Select((share, layer) => $"layer {layer} {share:P0}"))}; scale {mix.Scale:G3}");
        if (task.Scope?.Record is { } detector)
            streams.Output.WriteLine($"out of scope below {detector.Threshold:G4} ({detector.Score}), which keeps {detector.KeepRate:P1} of {detector.Rows:N0} in-scope rows; polymath evaluate --out-of-scope FILE measures it");
        streams.Output.WriteLine($"task '{task.Name}' learned{(plan.HeldOut is null ? "" : $" from all {plan.HeldOut.Rows.Count:N0} rows")} and saved in {library.Folder} (generation {library.Generation}); try: polymath predict --task {task.Name}");
    }

    /// <summary>Shares as percentages, losses and correlations as they are; differences with their sign.</summary>
    private static string Show(Metric metric, double value, string sign = "")
    {
        var digits = metric.IsShare() ? "0.0" : "0.000";
        return (metric.IsShare() ? 100 * value : value).ToString(sign.Length == 0 ? digits : $"+{digits};-{digits}");
    }
}
