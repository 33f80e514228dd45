using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>A task before and after it learned more, on the same rows.</summary>
/// <param name="Rows">The rows measured on.</param>
/// <param name="Before">The old task; it cannot be right about a class it does not know.</param>
/// <param name="After">The extended task.</param>
/// <param name="Difference">After − before, paired.</param>
public sealed record BeforeAndAfter(int Rows, ConfidenceInterval Before, ConfidenceInterval After, PairedComparison Difference);

/// <summary>Measures what an extension changed: on all rows, and on those of the classes that the task knew before.</summary>
/// <param name="All">All test rows.</param>
/// <param name="KnownClasses">The rows of old classes; null where no class is new, or no such row is there.</param>
public sealed record ExtensionComparison(BeforeAndAfter All, BeforeAndAfter? KnownClasses)
{
    /// <summary>A score that no class reaches.</summary>
    private const float Never = -1e9f;

    /// <summary>Measures both tasks.</summary>
    /// <param name="before">The old task.</param>
    /// <param name="after">The extended task.</param>
    /// <param name="test">Rows numbered by the extended task's labels.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="seed">Decides the resamples.</param>
    /// <param name="progress">Told of the rows.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static ExtensionComparison Measure(LearnedTask before, LearnedTask after, LabelledRows test, Metric metric, int seed = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        float[] old = Scores(before, test, progress, cancellation), now = Scores(after, test, progress, cancellation);
        int[] known = [.. Enumerable.Range(0, test.Rows.Count).Where(row => test.Labels[row] < before.Labels.Count)];
        var all = Compare([.. Enumerable.Range(0, test.Rows.Count)]);
        return new ExtensionComparison(all, known.Length == 0 || after.Labels.Count == before.Labels.Count ? null : Compare(known));

        BeforeAndAfter Compare(int[] rows)
        {
            Outcomes a = Of(now, rows), b = Of(old, rows);
            return new BeforeAndAfter(rows.Length, Bootstrap.Interval(metric, b, seed: (ulong)seed), Bootstrap.Interval(metric, a, seed: (ulong)seed), PairedBootstrap.Compare(metric, a, b, seed: (ulong)seed));
        }

        Outcomes Of(float[] scores, int[] rows) => Outcomes.FromScores([.. rows.Select(row => test.Labels[row])], [.. rows.SelectMany(row => scores.AsSpan(row * test.Classes, test.Classes).ToArray())], test.Classes);
    }

    /// <summary>Scores of all classes, [rows, classes]; classes that the task does not know never win.</summary>
    private static float[] Scores(LearnedTask task, LabelledRows test, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var scores = new float[test.Rows.Count * test.Classes];
        Array.Fill(scores, Never);
        var at = 0;
        foreach (var (window, values) in task.Scorer.Score(test.Rows, test.Rows.Count, progress, cancellation))
            for (var row = 0; row < window.Length; row++, at++) values.AsSpan(row * task.Labels.Count, task.Labels.Count).CopyTo(scores.AsSpan(at * test.Classes));
        return scores;
    }
}
