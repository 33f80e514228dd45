namespace Polymath.Evaluation;

/// <summary>Divides rows into folds of nearly equal size in which every class is spread as evenly as its count allows.</summary>
public static class StratifiedFolds
{
    /// <summary>
    /// Gives each row its fold, 0 to <paramref name="folds"/> − 1: the rows of each class are shuffled, then dealt out one fold after the
    /// other; each class begins where the one before stopped, so fold sizes differ by one row at most.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two folds, or fewer rows than folds.</exception>
    public static int[] Assign(ReadOnlySpan<int> labels, int classes, int folds, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(labels.Length, folds, nameof(labels));
        var members = new List<int>[classes];
        for (var k = 0; k < classes; k++) members[k] = [];
        for (var i = 0; i < labels.Length; i++) members[labels[i]].Add(i);
        var random = new SeededRandom(seed);
        var assigned = new int[labels.Length];
        var next = 0;
        foreach (var rows in members)
        {
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
            foreach (var row in rows) assigned[row] = next++ % folds;
        }
        return assigned;
    }
}
