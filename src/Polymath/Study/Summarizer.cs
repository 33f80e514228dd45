namespace Polymath.Study;

/// <summary>From finished cells to what a reader wants to know of a task.</summary>
internal static class Summarizer
{
    public static StudySummary Summarize(StudyPlan plan, StudyTask task, IReadOnlyList<FinishedCell> cells)
    {
        var ran = cells.Where(cell => cell.Result is not null).ToArray();
        MethodSummary[] methods = [.. plan.Methods.Select(method => ran.Where(cell => cell.Cell.Method == method).ToArray()).Where(own => own.Length > 0).Select(own => OfMethod(task, own))];
        var simple = methods.Where(method => !method.Method.NeedsBackbone).MaxBy(method => method.Interval.Value);
        methods = [.. methods.Select(method => method with { AgainstSimple = simple is null || method == simple ? null : method.Measured.Against(simple.Measured) })];
        return new StudySummary
        {
            Task = task,
            Score = StudyScore.Name(task.Kind),
            Methods = methods,
            Recommendation = Recommendation.Of(methods),
            Layers = [.. ran.Where(cell => cell.Cell.IsProbe).GroupBy(cell => ((Methods.FeaturesMethod)cell.Cell.Method).Layer!.Value).OrderBy(layer => layer.Key)
                .Select(layer => new LayerPoint(layer.Key, MeasuredRows.From(task, layer).Interval()))],
            Missing = [.. plan.LeftOut.Where(left => ReferenceEquals(left.Task, task)).Select(left => $"{left.Method.Title}: {left.Reason}"),
                .. cells.Where(cell => cell.Failure is not null).GroupBy(cell => cell.Cell.Method.Title).Select(failed => $"{failed.Key}: {failed.Count()} of its cells could not run ({failed.First().Failure})")],
        };
    }

    private static MethodSummary OfMethod(StudyTask task, FinishedCell[] cells)
    {
        var bySize = cells.GroupBy(cell => cell.Cell.Size).Select(size => (Size: size.Key, Cells: size.ToArray(), Rows: size.Average(cell => cell.Cell.Train.Length))).OrderBy(size => size.Rows).ToArray();
        var largest = bySize[^1].Cells;
        var measured = MeasuredRows.From(task, largest);
        return new MethodSummary
        {
            Method = cells[0].Cell.Method,
            Measured = measured,
            Interval = measured.Interval(),
            Rows = measured.Rows.Length,
            Splits = Splits(largest),
            Parameters = (long)largest.Average(cell => cell.Result!.Parameters),
            Bytes = (long)largest.Average(cell => cell.Result!.Bytes),
            TrainSeconds = largest.Average(cell => cell.Result!.TrainSeconds),
            PredictSeconds = largest.Average(cell => cell.Result!.PredictSeconds),
            Sizes = [.. bySize.Select(size => new SizePoint(size.Size, size.Rows, ReferenceEquals(size.Cells, largest) ? measured.Interval() : MeasuredRows.From(task, size.Cells).Interval()))],
            Notes = largest.Select(cell => cell.Result!.Notes).Where(note => note.Length > 0).GroupBy(note => note).MaxBy(group => group.Count())?.Key ?? "",
            Also = measured.Further(),
        };
    }

    private static string Splits(FinishedCell[] cells)
    {
        var splits = cells.Select(cell => cell.Cell.Split.Name).Distinct().ToArray();
        var seeds = cells.Select(cell => cell.Cell.Seed).Distinct().Count();
        var where = splits.Length == 1 ? splits[0] : $"{splits.Length} folds";
        return seeds > 1 ? $"{where}, {seeds} seeds" : where;
    }
}
