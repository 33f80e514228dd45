using Polymath.Cli.Common;
using Polymath.Study;

namespace Polymath.Cli.Verbs;

/// <summary>What study says on the terminal: the plan before the work, a table and a recommendation a task after it.</summary>
internal static class StudyTable
{
    /// <summary>What will run and about how long it takes.</summary>
    public static void WritePlan(Streams streams, StudyPlan plan, int finished)
    {
        foreach (var task in plan.Tasks)
        {
            var cells = plan.Cells.Where(cell => ReferenceEquals(cell.Task, task)).ToArray();
            var sizes = cells.Where(cell => !cell.IsProbe).Select(cell => cell.Size.ToString()).Distinct();
            streams.Error.WriteLine($"plan: {task.Name}, {task.Rows.Count:N0} rows, {StudyTexts.Kind(task)}: {string.Join(", ", cells.Where(cell => !cell.IsProbe).Select(cell => cell.Method.Name).Distinct())}"
                + $" at {string.Join(", ", sizes)}; {cells.Select(cell => (cell.Seed, cell.Split.Name)).Distinct().Count()} splits{(cells.Any(cell => cell.IsProbe) ? $"; {cells.Where(cell => cell.IsProbe).Select(cell => cell.Method.Name).Distinct().Count()} layers probed" : "")}");
        }
        foreach (var left in plan.LeftOut.GroupBy(left => (left.Method.Title, left.Reason)))
            streams.Error.WriteLine($"left out: {left.Key.Title} for {string.Join(", ", left.Select(item => item.Task.Name))}: {left.Key.Reason}");
        streams.Error.WriteLine($"plan: {plan.Cells.Count:N0} cells, about {StudyTexts.Duration(plan.Seconds)}{(finished > 0 ? $"; {finished:N0} of them are finished already" : "")}");
    }

    /// <summary>A table and a recommendation for each task.</summary>
    public static void Write(Streams streams, IReadOnlyList<StudySummary> summaries)
    {
        foreach (var summary in summaries)
        {
            streams.WriteTable([summary.Task.Name, $">{summary.Score}", "95 %", "against best simple", ">trained", ">bytes/task", ">training", ">a row", "measured on", ">learned from", "chosen"], summary.Methods.Select((method, at) => new[]
            {
                $"{(summary.Recommendation?.Method == at ? "* " : "  ")}{method.Method.Title}", $"{100 * method.Interval.Value:F1}", $"{100 * method.Interval.Low:F1} to {100 * method.Interval.High:F1}",
                method.AgainstSimple is { } d ? $"{100 * d.Difference:+0.0;-0.0;0.0} ({100 * d.Low:+0.0;-0.0;0.0} to {100 * d.High:+0.0;-0.0;0.0})" : "", StudyTexts.Count(method.Parameters), StudyTexts.Size(method.Bytes),
                StudyTexts.Duration(method.TrainSeconds), StudyTexts.Duration(method.PredictSeconds), $"{method.Rows:N0} rows, {method.Splits}", $"{method.TrainRows:N0}", method.Notes,
            }));
            foreach (var missing in summary.Missing) streams.Output.WriteLine($"  not measured: {missing}");
            if (summary.Recommendation is { } recommended) streams.Output.WriteLine($"* {summary.Task.Name}: {recommended.Reason}");
        }
        foreach (var average in AverageDifference.Of(summaries))
            streams.Output.WriteLine($"on average over {string.Join(", ", average.Tasks)}: {average.Method.Title} {100 * average.Difference:+0.0;-0.0;0.0} ({100 * average.Low:+0.0;-0.0;0.0} to {100 * average.High:+0.0;-0.0;0.0}) against each task's best simple method");
    }
}
