namespace Polymath.Study;

/// <summary>From finished cells to what a reader wants to know of a task.</summary>
internal static class Summarizer
{
    public static StudySummary Summarize(StudyPlan plan, StudyTask task, IReadOnlyList<FinishedCell> cells)
    {
        var ran = cells.Where(cell => cell.Result is not null).ToArray();
        MethodSummary[] methods = [.. plan.Methods.Select(method => ran.Where(cell => cell.Cell.Method == method).ToArray()).Where(own => own.Length > 0).Select(own => OfMethod(task, own))];
        var simple = StudySummary.BestSimpleOf(methods);
        var most = methods.Select(method => method.TrainRows).DefaultIfEmpty().Max();
        methods = [.. methods.Select(method => method with
        {
            AtLargest = method.TrainRows >= 0.8 * most,
            AgainstSimple = simple is null || method == simple || !simple.BySize.TryGetValue(method.Largest, out var same) ? null : method.Measured.Against(same),
        })];
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
        var measured = bySize.ToDictionary(size => size.Size, size => MeasuredRows.From(task, size.Cells));
        var intervals = measured.ToDictionary(size => size.Key, size => size.Value.Interval());
        var last = measured[bySize[^1].Size];
        return new MethodSummary
        {
            Method = cells[0].Cell.Method,
            Largest = bySize[^1].Size,
            BySize = measured,
            Interval = intervals[bySize[^1].Size],
            Rows = last.Rows.Length,
            TrainRows = (int)Math.Round(bySize[^1].Rows),
            Splits = Splits(largest),
            Parameters = (long)largest.Average(cell => cell.Result!.Parameters),
            Bytes = (long)largest.Average(cell => cell.Result!.Bytes),
            TrainSeconds = largest.Average(cell => cell.Result!.TrainSeconds),
            PredictSeconds = largest.Average(cell => cell.Result!.PredictSeconds),
            Sizes = [.. bySize.Select(size => new SizePoint(size.Size, size.Rows, intervals[size.Size]))],
            Notes = largest.Select(cell => cell.Result!.Notes).Where(note => note.Length > 0).GroupBy(note => note).MaxBy(group => group.Count())?.Key ?? "",
            Also = last.Further(),
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
