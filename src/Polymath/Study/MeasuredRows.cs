using Polymath.Evaluation;

namespace Polymath.Study;

/// <summary>
/// What one method answered to the rows that it was measured on. Where several seeds ran, its score is the mean of theirs. Intervals draw rows,
/// or whole groups of rows where there are groups.
/// </summary>
internal sealed class MeasuredRows
{
    private readonly StudyTask _task;
    private readonly List<SortedDictionary<int, RowAnswer>> _seeds;

    private MeasuredRows(StudyTask task, List<SortedDictionary<int, RowAnswer>> seeds) => (_task, _seeds) = (task, seeds);

    /// <summary>Rows that were measured, ascending.</summary>
    public int[] Rows => field ??= [.. _seeds.SelectMany(seed => seed.Keys).Distinct().Order()];

    /// <summary>Answers of the first seed by row.</summary>
    public IReadOnlyDictionary<int, RowAnswer> First => _seeds[0];

    /// <summary>Adds up the cells of one method and size.</summary>
    public static MeasuredRows From(StudyTask task, IEnumerable<FinishedCell> cells) =>
        new(task, [.. cells.Where(cell => cell.Result is not null).GroupBy(cell => cell.Cell.Seed).OrderBy(seed => seed.Key).Select(seed =>
            new SortedDictionary<int, RowAnswer>(seed.SelectMany(cell => cell.Cell.Split.Test.Zip(cell.Result!.Answers)).ToDictionary(pair => pair.First, pair => pair.Second)))]);

    /// <summary>The score with its bootstrap interval.</summary>
    public ConfidenceInterval Interval()
    {
        var (units, count) = Units(Rows);
        return Bootstrap.Interval(count, Score(units));
    }

    /// <summary>This one against another on the rows that both were measured on, by the paired bootstrap; null where there are none.</summary>
    public PairedComparison? Against(MeasuredRows other)
    {
        return Shared(other) is { } both ? PairedBootstrap.Compare(both.Count, both.Own, both.Theirs) : null;
    }

    /// <summary>The difference to another on the rows that both were measured on, and on each resample of these rows; null where there are none.</summary>
    public (double Difference, double[] Draws)? DrawsAgainst(MeasuredRows other, int resamples, ulong seed)
    {
        if (Shared(other) is not { } both) return null;
        return (both.Own([]) - both.Theirs([]), Bootstrap.Draws(both.Count, resamples, seed, counts => both.Own(counts) - both.Theirs(counts)));
    }

    /// <summary>The units that both were measured on and the two scores as functions of how often each counts; null where there are none.</summary>
    private (int Count, Func<int[], double> Own, Func<int[], double> Theirs)? Shared(MeasuredRows other)
    {
        var shared = Rows.Intersect(other.Rows).ToArray();
        if (shared.Length == 0) return null;
        var (units, count) = Units(shared);
        return (count, Score(units), other.Score(units));
    }

    /// <summary>Further measures of the first seed.</summary>
    public IReadOnlyDictionary<string, double> Further() => StudyScore.Further(_task, [.. _seeds[0].Keys], [.. _seeds[0].Values]);

    /// <summary>The mean score of the seeds on some rows as a function of how often each unit counts.</summary>
    private Func<int[], double> Score(Dictionary<int, int> units)
    {
        var parts = _seeds.Select(seed =>
        {
            int[] rows = [.. seed.Keys.Where(units.ContainsKey)];
            return (Units: Array.ConvertAll(rows, row => units[row]), Score: rows.Length == 0 ? null : StudyScore.Of(_task, rows, [.. rows.Select(row => seed[row])]));
        }).Where(part => part.Score is not null).ToArray();
        return counts => parts.Average(part => part.Score!(counts.Length == 0 ? [] : Array.ConvertAll(part.Units, unit => counts[unit])));
    }

    /// <summary>Numbers the units that are drawn together: groups, or rows.</summary>
    private (Dictionary<int, int> Units, int Count) Units(int[] rows)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var units = new Dictionary<int, int>();
        foreach (var row in rows)
        {
            var name = _task.Rows[row].Group is { } group ? $"g{group}" : $"r{row}";
            if (!numbers.TryGetValue(name, out var number)) numbers[name] = number = numbers.Count;
            units[row] = number;
        }
        return (units, numbers.Count);
    }
}
