using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>One method on the test rows.</summary>
/// <param name="Method">Its name, with what it chose.</param>
/// <param name="Outcomes">Its predictions.</param>
/// <param name="Interval">The metric with its bootstrap interval.</param>
/// <param name="Seconds">Time to learn.</param>
/// <param name="AgainstBaseline">The paired difference to TF-IDF; null for the baselines themselves.</param>
public sealed record MethodScore(string Method, Outcomes Outcomes, ConfidenceInterval Interval, double Seconds, PairedComparison? AgainstBaseline);

/// <summary>Measures a learned task beside the two baselines that need no backbone, on the same rows.</summary>
public static class MethodComparison
{
    /// <summary>Majority class, TF-IDF with logistic regression, and the task.</summary>
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
        var majority = train.Labels.GroupBy(label => label).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).First().Key;
        var scores = new List<MethodScore> { Score("majority", new Outcomes(test.Labels, [.. test.Labels.Select(_ => majority)], test.Classes), 0, null) };
        if (task.Artifact.Method == LearnedTask.TfidfMethod)
        {
            scores.Add(Score(Describe(task), task.Evaluate(test, progress, cancellation), learnSeconds, null));
            return scores;
        }
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        var tfidf = TfidfBaseline.Learn("tfidf", train.Rows, metric, seed, progress, cancellation);
        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        var baseline = tfidf.Evaluate(tfidf.Number(test.Rows), progress, cancellation);
        scores.Add(Score(Describe(tfidf), baseline, seconds, null));
        scores.Add(Score(Describe(task), task.Evaluate(test, progress, cancellation), learnSeconds, baseline));
        return scores;

        MethodScore Score(string method, Outcomes outcomes, double took, Outcomes? against) => new(method, outcomes, Bootstrap.Interval(metric, outcomes, seed: (ulong)seed), took,
            against is null ? null : PairedBootstrap.Compare(metric, outcomes, against, seed: (ulong)seed));
    }

    /// <summary>A task's method in words.</summary>
    public static string Describe(LearnedTask task)
    {
        var options = task.Artifact.Training?.Options;
        var head = options is not null && options.TryGetValue("head", out var kind) && kind != "logistic-regression" ? $", {kind}" : "";
        var c = options is not null && options.TryGetValue("c", out var value) && value != "NaN" ? $", C {value}" : "";
        return task.Artifact.Method switch
        {
            LearnedTask.TfidfMethod => $"TF-IDF{c}",
            LearnedTask.LabelNamesMethod => "label names",
            _ => $"features, {task.Artifact.Pooling} {task.Artifact.Layers}{head}{c}",
        };
    }
}
