using Polymath.Evaluation;

namespace Polymath.Tasks;

/// <summary>
/// Splits that keep the shares of the classes. The same labels and seed give the same split on every machine and in every version.
/// </summary>
public static class Splits
{
    /// <summary>Sets rows apart for testing, class by class.</summary>
    /// <param name="labels">The class id of every row.</param>
    /// <param name="testFraction">The share of rows to set apart, between 0 and 1 (both excluded).</param>
    /// <param name="seed">Decides which rows of each class are taken.</param>
    /// <returns>
    /// Row numbers in ascending order. The test part has the fraction's share of all rows, rounded, and of every class that share, rounded
    /// up or down; a class always keeps a row for training.
    /// </returns>
    /// <exception cref="PolymathException">The fraction is out of range, or leaves one part without rows.</exception>
    public static (int[] Train, int[] Test) Stratified(IReadOnlyList<int> labels, double testFraction, int seed)
    {
        if (!(testFraction > 0 && testFraction < 1)) throw new PolymathException($"test fraction {testFraction}: expected a number between 0 and 1");
        var classes = Shuffled(labels, seed);
        var takes = Shares([.. classes.Select(rows => rows.Length)], testFraction, labels.Count);
        var test = classes.SelectMany((rows, at) => rows.Take(takes[at])).Order().ToArray();
        var train = classes.SelectMany((rows, at) => rows.Skip(takes[at])).Order().ToArray();
        if (test.Length == 0 || train.Length == 0)
            throw new PolymathException($"{labels.Count} rows in {classes.Length} classes cannot be split with test fraction {testFraction}; expected rows for both parts");
        return (train, test);
    }

    /// <summary>Deals the rows out to folds for cross-validation: of every class, and of all rows, any two folds have the same number within one.</summary>
    /// <param name="labels">The class id of every row.</param>
    /// <param name="folds">The number of folds, at least 2 and at most the number of rows.</param>
    /// <param name="seed">Decides which rows of a class go together.</param>
    /// <returns>The fold of every row, 0 to <paramref name="folds"/> − 1.</returns>
    /// <exception cref="PolymathException">The number of folds is out of range.</exception>
    public static int[] Folds(IReadOnlyList<int> labels, int folds, int seed)
    {
        if (folds < 2 || folds > labels.Count) throw new PolymathException($"{folds} folds of {labels.Count} rows: expected at least 2 folds and no more than rows");
        var fold = new int[labels.Count];
        var dealt = 0;
        foreach (var row in Shuffled(labels, seed).SelectMany(rows => rows)) fold[row] = dealt++ % folds;
        return fold;
    }

    /// <summary>
    /// Deals whole groups of rows out to folds: the largest groups first, each to the fold that is shortest of the classes it brings. So no
    /// two rows of a group are ever in different folds, and classes are spread as evenly as groups allow.
    /// </summary>
    /// <param name="labels">The class id of every row.</param>
    /// <param name="groups">The group of every row, from 0.</param>
    /// <param name="folds">The number of folds, at least 2 and at most the number of groups.</param>
    /// <param name="seed">Decides the order of groups of one size.</param>
    /// <returns>The fold of every row, 0 to <paramref name="folds"/> − 1; none is empty.</returns>
    /// <exception cref="PolymathException">The number of folds is out of range.</exception>
    public static int[] GroupFolds(IReadOnlyList<int> labels, IReadOnlyList<int> groups, int folds, int seed)
    {
        var members = Shuffled(groups, seed);
        if (folds < 2 || folds > members.Length) throw new PolymathException($"{folds} folds of {members.Length} groups: expected at least 2 folds and no more than groups");
        var random = new SeededRandom(unchecked((ulong)seed));
        random.Shuffle<int[]>(members);
        var totals = new int[labels.Max() + 1];
        foreach (var label in labels) totals[label]++;
        var counts = new int[folds, totals.Length];
        int[] sizes = new int[folds], fold = new int[labels.Count];
        foreach (var rows in members.OrderByDescending(rows => rows.Length))
        {
            var brought = rows.CountBy(row => labels[row]).ToArray();
            var chosen = Enumerable.Range(0, folds).MinBy(f => (sizes[f] > 0 || sizes.All(size => size > 0) ? brought.Sum(b => (2.0 * counts[f, b.Key] + b.Value) * b.Value / totals[b.Key]) : -1, sizes[f]));
            foreach (var row in rows)
            {
                fold[row] = chosen;
                counts[chosen, labels[row]]++;
                sizes[chosen]++;
            }
        }
        return fold;
    }

    private static int[][] Shuffled(IReadOnlyList<int> labels, int seed)
    {
        var random = new SeededRandom(unchecked((ulong)seed));
        int[][] classes = [.. Enumerable.Range(0, labels.Count).GroupBy(row => labels[row]).OrderBy(rows => rows.Key).Select(rows => rows.ToArray())];
        foreach (var rows in classes) random.Shuffle<int>(rows);
        return classes;
    }

    /// <summary>Largest remainders: every class gets its share rounded down, the classes that lost most by it get one more.</summary>
    private static int[] Shares(int[] sizes, double fraction, int total)
    {
        var takes = Array.ConvertAll(sizes, size => Math.Min(size - 1, (int)Math.Floor(size * fraction)));
        var missing = (int)Math.Round(total * fraction, MidpointRounding.AwayFromZero) - takes.Sum();
        var byRemainder = Enumerable.Range(0, sizes.Length).OrderByDescending(at => (sizes[at] * fraction) - Math.Floor(sizes[at] * fraction));
        foreach (var at in byRemainder.Where(at => takes[at] < sizes[at] - 1 && sizes[at] * fraction > takes[at]).Take(Math.Max(0, missing)).ToArray()) takes[at]++;
        return takes;
    }
}
