using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>One method on the test rows.</summary>
/// <param name="Method">Its name, with what it chose.</param>
/// <param name="Outcomes">Its predictions.</param>
/// <param name="Interval">The metric with its bootstrap interval.</param>
/// <param name="Seconds">Time to learn.</param>
/// <param name="AgainstBaseline">The paired difference to TF-IDF; null for the baselines themselves.</param>
public sealed record MethodScore(string Method, TaskOutcomes Outcomes, ConfidenceInterval Interval, double Seconds, PairedComparison? AgainstBaseline);

/// <summary>Measures a learned task beside the two baselines that need no backbone, on the same rows.</summary>
public static class MethodComparison
{
    /// <summary>An answer that never looks at the text, TF-IDF with the same kind of head, and the task.</summary>
    /// <param name="task">The learned task; where it is TF-IDF itself, it stands once.</param>
    /// <param name="learnSeconds">The time it took to learn.</param>
    /// <param name="train">The rows it was learned from.</param>
    /// <param name="test">The rows to measure on.</param>
    /// <param name="metric">The metric of the intervals.</param>
    /// <param name="seed">Decides folds and resamples.</param>
    /// <param name="progress">Told of the stages.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static IReadOnlyList<MethodScore> Run(LearnedTask task, double learnSeconds, LabelledRows train, LabelledRows test, Metric metric, int seed,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var (constant, never) = TaskMetrics.Constant(train, test);
        var scores = new List<MethodScore> { Score(constant, never, 0, null) };
        if (task.Artifact.Method == LearnedTask.TfidfMethod)
        {
            scores.Add(Score(Describe(task), task.Measure(test, progress, cancellation), learnSeconds, null));
            return scores;
        }
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        var tfidf = TfidfBaseline.Learn("tfidf", train, metric, seed, progress, cancellation: cancellation);
        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        var baseline = tfidf.Measure(tfidf.Number(test.Rows), progress, cancellation);
        scores.Add(Score(Describe(tfidf), baseline, seconds, null));
        scores.Add(Score(Describe(task), task.Measure(test, progress, cancellation), learnSeconds, baseline));
        return scores;

        MethodScore Score(string method, TaskOutcomes outcomes, double took, TaskOutcomes? against) => new(method, outcomes, Bootstrap.Interval(metric, outcomes, seed: (ulong)seed), took,
            against is null ? null : PairedBootstrap.Compare(metric, outcomes, against, seed: (ulong)seed));
    }

    /// <summary>A task's method in words.</summary>
    public static string Describe(LearnedTask task)
    {
        var options = task.Artifact.Training?.Options;
        var head = options is not null && options.TryGetValue("head", out var kind) && kind is not ("logistic-regression" or "ridge-regression") ? $", {kind}" : "";
        var c = options is not null && options.TryGetValue("c", out var value) && value != "NaN" ? $", C {value}" : "";
        var penalty = options is not null && options.TryGetValue("penalty", out var strength) ? $", penalty {strength}" : "";
        var pairs = task.Artifact.PairEncoding is { } encoding ? $", {encoding}" : "";
        return task.Artifact.Method switch
        {
            LearnedTask.TfidfMethod => $"TF-IDF{pairs}{c}",
            LearnedTask.LabelNamesMethod => "label names",
            LearnedTask.PromptMethod => PromptEngineering.Describe(task.Artifact),
            LearnedTask.FineTuningMethod => $"fine-tuning, {options!["epochs"]} epochs, rate {options["learning_rate"]}{(task.Artifact.Training!.Seed > 0 ? $", seed {task.Artifact.Training.Seed}" : "")}{pairs}",
            LearnedTask.ContrastiveMethod => $"contrastive, {options!["pairs"]} pairs, rate {options["learning_rate"]}",
            _ => $"features, {task.Artifact.Pooling} {task.Artifact.Layers}{pairs}{head}{c}{penalty}",
        };
    }
}
