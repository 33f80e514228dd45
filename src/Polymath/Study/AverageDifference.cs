using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>What a method adds to the best simple one on average over all tasks of classes, single or several a row.</summary>
/// <param name="Method">The method.</param>
/// <param name="Tasks">The tasks' names.</param>
/// <param name="Difference">The mean of the tasks' differences: accuracy, or micro F1 where a row has several labels.</param>
/// <param name="Low">The lower end of its 95 % interval; each task's rows are drawn by themselves.</param>
/// <param name="High">The upper end.</param>
public sealed record AverageDifference(IStudyMethod Method, IReadOnlyList<string> Tasks, double Difference, double Low, double High)
{
    private const int Resamples = 1000;

    /// <summary>For every method with a backbone that ran, at the tasks' largest training sizes, on all of at least two tasks of classes.</summary>
    public static IReadOnlyList<AverageDifference> Of(IReadOnlyList<StudySummary> summaries)
    {
        ArgumentNullException.ThrowIfNull(summaries);
        var tasks = summaries.Where(summary => summary.Task.Kind is TaskKind.Classification or TaskKind.MultiLabel).ToArray();
        if (tasks.Length < 2) return [];
        return [.. tasks.SelectMany(task => task.Methods).Where(method => method.Method.NeedsBackbone).Select(method => method.Method).Distinct()
            .Select(method => Over(method, tasks)).OfType<AverageDifference>()];
    }

    private static AverageDifference? Over(IStudyMethod method, StudySummary[] tasks)
    {
        var differences = tasks.Select((task, t) =>
        {
            var own = task.Methods.FirstOrDefault(summary => summary.Method == method && summary.AtLargest);
            return own is not null && task.BestSimple is { } simple && simple.BySize.TryGetValue(own.Largest, out var same) ? own.Measured.DrawsAgainst(same, Resamples, (ulong)t) : null;
        }).ToArray();
        if (differences.Any(difference => difference is null)) return null;
        double[] means = [.. Enumerable.Range(0, Resamples).Select(draw => differences.Average(difference => difference!.Value.Draws[draw]))];
        var (low, high) = Bootstrap.Percentiles(means, 0.95);
        return new AverageDifference(method, [.. tasks.Select(task => task.Task.Name)], differences.Average(difference => difference!.Value.Difference), low, high);
    }
}
