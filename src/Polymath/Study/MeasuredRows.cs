using Polymath.Evaluation;

namespace Polymath.Study;

/// <summary>
/// What one method did on the rows that it was measured on, as tallies that add up to its score. Answers of several seeds to one row are averaged.
/// Intervals draw rows, or whole groups of rows where there are groups.
/// </summary>
internal sealed class MeasuredRows
{
    private const int Resamples = 1000;
    private readonly StudyScore _score;
    private readonly string[] _units;
    private readonly double[][] _tallies;

    private MeasuredRows(StudyScore score, string[] units, double[][] tallies, int rows) => (_score, _units, _tallies, Rows) = (score, units, tallies, rows);

    /// <summary>Rows that were measured.</summary>
    public int Rows { get; }

    /// <summary>The score of all of them.</summary>
    public double Value => _score.Value(Sum(_tallies, null));

    /// <summary>Adds up the cells of one method and size.</summary>
    public static MeasuredRows From(StudyTask task, IEnumerable<FinishedCell> cells)
    {
        var score = StudyScore.For(task);
        var byRow = new SortedDictionary<int, List<double[]>>();
        foreach (var (cell, result, _) in cells)
            for (var i = 0; result is not null && i < cell.Split.Test.Length; i++)
            {
                var row = cell.Split.Test[i];
                if (!byRow.TryGetValue(row, out var tallies)) byRow[row] = tallies = [];
                tallies.Add(score.Tally(task.Truth[row], result.Answers[i]));
            }
        var units = byRow.GroupBy(pair => task.Groups is { } groups ? groups[pair.Key] : $"{pair.Key}")
            .Select(unit => (unit.Key, Tally: Sum([.. unit.Select(pair => Mean(pair.Value))], null))).ToArray();
        return new MeasuredRows(score, [.. units.Select(unit => unit.Key)], [.. units.Select(unit => unit.Tally)], byRow.Count);
    }

    /// <summary>The score with its bootstrap interval.</summary>
    public ConfidenceInterval Interval()
    {
        var (low, high) = Bootstrap.Percentiles(Bootstrap.Draws(_tallies.Length, Resamples, 0, counts => _score.Value(Sum(_tallies, counts))), 0.95);
        return new ConfidenceInterval(Value, low, high, 0.95);
    }

    /// <summary>This one against another on the rows that both were measured on, by the paired bootstrap; null where there are none.</summary>
    public PairedComparison? Against(MeasuredRows other)
    {
        var theirs = other._units.Select((unit, at) => (unit, at)).ToDictionary(pair => pair.unit, pair => pair.at);
        int[] shared = [.. Enumerable.Range(0, _units.Length).Where(at => theirs.ContainsKey(_units[at]))];
        if (shared.Length == 0) return null;
        double[][] a = [.. shared.Select(at => _tallies[at])], b = [.. shared.Select(at => other._tallies[theirs[_units[at]]])];
        var draws = Bootstrap.Draws(shared.Length, Resamples, 0, counts => _score.Value(Sum(a, counts)) - _score.Value(Sum(b, counts)));
        var (low, high) = Bootstrap.Percentiles(draws, 0.95);
        var p = Math.Min(1, 2.0 * (Math.Min(draws.Count(d => d <= 0), draws.Count(d => d >= 0)) + 1) / (Resamples + 1));
        double valueA = _score.Value(Sum(a, null)), valueB = _score.Value(Sum(b, null));
        return new PairedComparison(valueA, valueB, valueA - valueB, low, high, p);
    }

    private static double[] Sum(double[][] tallies, int[]? counts)
    {
        var sums = new double[tallies.Length == 0 ? 0 : tallies[0].Length];
        for (var i = 0; i < tallies.Length; i++)
        {
            var count = counts?[i] ?? 1;
            if (count == 0) continue;
            for (var k = 0; k < sums.Length; k++) sums[k] += count * tallies[i][k];
        }
        return sums;
    }

    private static double[] Mean(List<double[]> tallies) => [.. Enumerable.Range(0, tallies[0].Length).Select(k => tallies.Average(tally => tally[k]))];
}
