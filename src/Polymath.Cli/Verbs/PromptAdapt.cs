using System.Diagnostics;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>What <c>adapt --method prompt</c> does: choose demonstrations and calibration on the training rows, measure beside the baselines, keep the task.</summary>
internal static class PromptAdapt
{
    /// <summary>Learns, measures, saves and reports.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="json">Whether the report is for programs.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="models">The language model and, where one is wanted, the encoder.</param>
    /// <param name="plan">The rows; without any only labels are known.</param>
    /// <param name="options">Template, demonstrations, calibration.</param>
    /// <param name="metric">The metric of intervals.</param>
    /// <param name="library">Where the task goes.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static async Task<int> RunAsync(Streams streams, bool json, string name, LanguageModels models, AdaptPlan plan, PromptOptions options, Metric metric, TaskLibrary library, CancellationToken cancellation)
    {
        plan.Say(streams);
        var (task, scores, searched) = await Reporting.WithProgressAsync(streams, progress =>
        {
            LearnedTask Learn(LabelledRows rows, PromptOptions choices) => PromptEngineering.Learn(models.Prompts, name, rows, choices, progress, cancellation);
            var start = Stopwatch.GetTimestamp();
            var learned = Learn(plan.Train, options);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            IReadOnlyList<MethodScore> measured = plan.Test is not { } test ? [] : plan.Train.Rows.Count > 0 ? MethodComparison.Run(learned, seconds, plan.Train, test, metric, options.Seed, progress, cancellation) : [Alone(learned, test, seconds, progress)];
            LanguageModels.SayCut(streams, learned.PromptReport);
            // What is kept may show and choose from all rows; the calibration stays as chosen.
            var kept = plan.HeldOut is { } all ? Learn(all, options with { Calibration = Enum.Parse<CalibrationMethod>(learned.Artifact.Prompt!.Calibration.Method, ignoreCase: true) }) : learned;
            return (kept, measured, learned);

            MethodScore Alone(LearnedTask alone, LabelledRows rows, double took, IProgress<WorkProgress> told)
            {
                var outcomes = alone.Measure(rows, told, cancellation);
                return new MethodScore(MethodComparison.Describe(alone), outcomes, Bootstrap.Interval(metric, outcomes, seed: (ulong)options.Seed), took, null);
            }
        }, cancellation).ConfigureAwait(false);
        var metrics = scores.Count == 0 ? new Dictionary<string, double>() : new Dictionary<string, double>
        {
            [$"test_{metric.Name()}"] = scores[^1].Interval.Value,
            [$"test_{metric.Name()}_low"] = scores[^1].Interval.Low,
            [$"test_{metric.Name()}_high"] = scores[^1].Interval.High,
            [$"test_{Metric.CalibrationError.Name()}"] = Metric.CalibrationError.Compute(scores[^1].Outcomes),
            ["test_rows"] = plan.Test!.Rows.Count,
        };
        task = task.WithRecord(metrics, plan.Files);
        library.Save(task.Artifact);
        var calibration = searched.Artifact.Prompt!.Calibration;
        foreach (var trial in calibration.Tried)
            streams.Error.WriteLine($"calibration {trial.Method}: accuracy {100 * trial.Accuracy:F1} %, calibration error {100 * trial.CalibrationError:F1} % on {calibration.Rows:N0} training rows that are not shown{(trial.Method == calibration.Method ? " (kept)" : "")}");
        AdaptReport.Write(streams, json, task, scores, searched, plan, metric, library);
        return ExitCodes.Ok;
    }
}
