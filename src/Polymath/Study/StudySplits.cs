using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>Rows to learn from and rows to measure on.</summary>
/// <param name="Name">"fold 2 of 5" or "test rows".</param>
/// <param name="Train">Row numbers, ascending.</param>
/// <param name="Test">Row numbers, ascending.</param>
public sealed record StudySplit(string Name, int[] Train, int[] Test);

/// <summary>Parts a task's rows: its own test rows where it has any, else folds that together measure every row once.</summary>
internal static class StudySplits
{
    public static StudySplit[] Make(StudyTask task, int folds, int seed)
    {
        var all = Enumerable.Range(0, task.Rows.Count).ToArray();
        if (task.TestRows > 0) return [new("test rows", all[..^task.TestRows], all[^task.TestRows..])];
        if (folds < 2 || folds > all.Length) throw new PolymathException($"task '{task.Name}': {folds} folds of {all.Length} rows; expected at least 2 folds and no more than rows");
        var fold = task.Groups is { } groups ? ByGroup(groups, folds, seed) : Splits.Folds(Strata(task), folds, seed);
        return [.. Enumerable.Range(0, folds).Select(f => new StudySplit($"fold {f + 1} of {folds}", [.. all.Where(row => fold[row] != f)], [.. all.Where(row => fold[row] == f)]))];
    }

    /// <summary>Groups in random order, each to the fold that has the fewest rows so far.</summary>
    private static int[] ByGroup(IReadOnlyList<string> groups, int folds, int seed)
    {
        var members = Enumerable.Range(0, groups.Count).GroupBy(row => groups[row]).Select(rows => rows.ToArray()).ToArray();
        if (members.Length < folds) throw new PolymathException($"{folds} folds of {members.Length} groups; expected no more folds than groups");
        new SeededRandom(unchecked((ulong)seed)).Shuffle<int[]>(members);
        var (fold, sizes) = (new int[groups.Count], new int[folds]);
        foreach (var rows in members)
        {
            var least = Array.IndexOf(sizes, sizes.Min());
            sizes[least] += rows.Length;
            foreach (var row in rows) fold[row] = least;
        }
        return fold;
    }

    /// <summary>What is kept in equal shares: the class, the value's fifth, the number of labels, whether anything is tagged.</summary>
    private static int[] Strata(StudyTask task) => task.Kind switch
    {
        TaskKind.Classification => [.. task.Truth.Select(truth => truth.Ids[0])],
        TaskKind.Regression => Fifths([.. task.Truth.Select(truth => truth.Numbers[0])]),
        _ => [.. task.Truth.Select(truth => Math.Min(3, truth.Ids.Distinct().Count()))],
    };

    private static int[] Fifths(float[] values)
    {
        var fifth = new int[values.Length];
        var order = Enumerable.Range(0, values.Length).OrderBy(row => values[row]).ToArray();
        for (var at = 0; at < order.Length; at++) fifth[order[at]] = at * 5 / order.Length;
        return fifth;
    }
}
