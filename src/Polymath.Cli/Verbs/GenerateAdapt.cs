using System.CommandLine;
using System.Diagnostics;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>What <c>adapt --kind generate</c> does: train a language model on inputs and answers, measure it beside two answers that need no model, keep the task.</summary>
internal static class GenerateAdapt
{
    /// <summary>Loads the model that the options name; model and number format of a learned task stand in where they are left out.</summary>
    public static async Task<LanguageModel> LoadAsync(ParseResult result, Settings settings, Streams streams, CancellationToken cancellation, BackboneReference? otherwise = null, string? precision = null)
    {
        settings.ApplyThreads(result);
        var named = LanguageModels.PathOf(result, settings, otherwise?.Source);
        var path = File.Exists(named) ? named : await Models.FolderAsync(named, streams, cancellation).ConfigureAwait(false);
        var format = precision is null || result.IsGiven(settings.Precision) ? result.GetValue(settings.Precision) : precision;
        return LanguageModel.Load(path, new LanguageModelOptions { MaxTokens = result.GetValue(settings.MaxTokens), Precision = Settings.PrecisionOf(format) });
    }

    /// <summary>Learns, measures, saves and reports.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="json">Whether the report is for programs.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="model">The model to start from.</param>
    /// <param name="plan">The rows.</param>
    /// <param name="validation">Rows that choose the best epoch; null for none.</param>
    /// <param name="options">Choices.</param>
    /// <param name="metric">The metric of intervals.</param>
    /// <param name="library">Where the task goes.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static async Task<int> RunAsync(Streams streams, bool json, string name, LanguageModel model, AdaptPlan plan, LabelledRows? validation, TextToTextOptions options, Metric metric, TaskLibrary library, CancellationToken cancellation)
    {
        _ = TextToTextEncoder.Fit(model, [.. plan.Train.Rows, .. plan.Test!.Rows], options); // what does not fit is said before the work
        plan.Say(streams);
        var seed = (ulong)options.Training.Seed;
        var test = plan.Test;
        var (task, methods, seconds) = await Reporting.WithProgressAsync(streams, progress =>
        {
            var start = Stopwatch.GetTimestamp();
            var learned = model.FineTune(name, plan.Train, options, validation, progress, cancellation);
            var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var truth = test.Rows.Select(row => row.Label!).ToArray();
            (string Method, TextOutcomes Outcomes)[] measured =
            [
                ("copy of the input", new TextOutcomes(truth, [.. test.Rows.Select(row => row.Text)])),
                ("commonest answer", (TextOutcomes)TaskMetrics.Constant(plan.Train, test).Outcomes),
                (LearnedTask.FineTuningMethod, Measured(learned, plan, library, streams, progress, cancellation)),
            ];
            if (plan.HeldOut is not { } all) return (learned, measured, took);
            learned.Dispose();
            return (model.FineTune(name, all, options, validation, progress, cancellation), measured, took);
        }, cancellation).ConfigureAwait(false);
        using (task)
        {
            var shown = methods.Select(m => (m.Method, m.Outcomes, Interval: Bootstrap.Interval(metric, m.Outcomes, seed: seed))).ToArray();
            var (_, best, interval) = shown[^1];
            var metrics = TaskMetrics.Shown(TaskKind.Generate).ToDictionary(one => $"test_{one.Name()}", one => one.Compute(best));
            metrics[$"test_{metric.Name()}_low"] = interval.Low;
            metrics[$"test_{metric.Name()}_high"] = interval.High;
            metrics["test_rows"] = test.Rows.Count;
            var kept = task.WithRecord(metrics, plan.Files);
            library.Save(kept.Artifact);
            if (kept.Artifact.Training!.Options["cut_inputs"] is not "0" and var cut) streams.Error.WriteLine($"{cut} of {kept.Artifact.Training.Rows:N0} inputs were longer than {kept.Artifact.TextToText!.InputTokens:N0} tokens and were cut");
            Report(streams, json, kept, shown, plan, metric, seconds, library);
        }
        return ExitCodes.Ok;
    }

    /// <summary>Measures what was learned. Whatever goes wrong with that, the training is not lost: the task is saved without measurements. (A stopped run goes on from its state.)</summary>
    internal static TextOutcomes Measured(TextToTextTask learned, AdaptPlan plan, TaskLibrary library, Streams streams, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        try { return learned.Measure(plan.Test!, null, progress, cancellation); }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            library.Save(learned.WithRecord(new Dictionary<string, double>(), plan.Files).Artifact);
            streams.Error.WriteLine($"task '{learned.Name}' could not be measured; it was saved without measurements in {library.Folder} (generation {library.Generation})");
            learned.Dispose();
            throw;
        }
    }

    private static void Report(Streams streams, bool json, TextToTextTask task, (string Method, TextOutcomes Outcomes, ConfidenceInterval Interval)[] methods, AdaptPlan plan, Metric metric, double seconds, TaskLibrary library)
    {
        var measures = TaskMetrics.Shown(TaskKind.Generate);
        if (json)
        {
            streams.WriteJson(new
            {
                task = task.Name,
                method = task.Artifact.Method,
                kind = task.Artifact.Kind.Name(),
                library = library.Folder,
                generation = library.Generation,
                metric = metric.Name(),
                trainRows = plan.Train.Rows.Count,
                testRows = plan.Test!.Rows.Count,
                heldOut = plan.HeldOut is not null,
                learnedFromRows = task.Artifact.Training?.Rows,
                inputTokens = task.Artifact.TextToText!.InputTokens,
                maxNewTokens = task.Artifact.TextToText.MaxNewTokens,
                methods = methods.Select(m => new { method = m.Method, value = m.Interval.Value, low = m.Interval.Low, high = m.Interval.High, measures = measures.ToDictionary(Measures.Key, one => one.Compute(m.Outcomes)) }),
                seconds,
            });
            return;
        }
        streams.WriteTable(["method", .. measures.Select(one => $">{one.Name()}"), $">{metric.Name()}, 95 %"], methods.Select(m => (string[])
            [m.Method, .. measures.Select(one => one.Compute(m.Outcomes) is var value && double.IsNaN(value) ? "" : Show(one, value)), $"{Show(metric, m.Interval.Low)}–{Show(metric, m.Interval.High)}"]));
        streams.Output.WriteLine($"task '{task.Name}' learned in {seconds:F1} s{(plan.HeldOut is null ? "" : $", then from all {plan.HeldOut.Rows.Count:N0} rows,")} and saved in {library.Folder} (generation {library.Generation}); try: polymath predict --task {task.Name}");
    }

    private static string Show(Metric metric, double value) => metric.IsShare() ? $"{100 * value:F1} %" : $"{value:F3}";
}
