using Polymath.Tagging;

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
        var fold = task.Data?.Folds(folds, seed) ?? TagModel.Folds(task.Sentences, TagSet.FromNames(task.Labels), folds, seed);
        var made = fold.Max() + 1; // fewer where there are fewer groups
        if (made < 2) throw new PolymathException($"task '{task.Name}': all rows are of one group, which is never split; expected several groups, or rows to measure on with --test");
        return [.. Enumerable.Range(0, made).Select(f => new StudySplit($"fold {f + 1} of {made}", [.. all.Where(row => fold[row] != f)], [.. all.Where(row => fold[row] == f)]))];
    }
}
