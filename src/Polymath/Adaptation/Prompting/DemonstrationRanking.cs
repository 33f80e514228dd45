using System.Numerics.Tensors;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>Orders of rows, the one to show first of all in front. Pure functions of rows and seed.</summary>
internal static class DemonstrationRanking
{
    /// <summary>A random order.</summary>
    public static int[] Random(int rows, int seed)
    {
        int[] order = [.. Enumerable.Range(0, rows)];
        new SeededRandom(unchecked((ulong)seed)).Shuffle<int>(order);
        return order;
    }

    /// <summary>A random order in which the classes take turns.</summary>
    public static int[] Balanced(int[] labels, int seed) => InTurn(Random(labels.Length, seed), labels);

    /// <summary>
    /// Greedy k-centre: the row nearest to the mean, then always the row that is farthest from all before it. Its first k rows are within twice the best possible
    /// radius of all rows.
    /// </summary>
    /// <param name="x">Features.</param>
    /// <param name="count">How many are wanted.</param>
    public static int[] Diverse(FeatureMatrix x, int count)
    {
        var mean = new float[x.Columns];
        for (var r = 0; r < x.Rows; r++) TensorPrimitives.Add(mean, x.Row(r), mean);
        TensorPrimitives.Divide(mean, x.Rows, mean);
        var start = 0;
        var distances = new float[x.Rows];
        for (var r = 0; r < x.Rows; r++)
            if (TensorPrimitives.Distance(x.Row(r), mean) < TensorPrimitives.Distance(x.Row(start), mean)) start = r;
        Array.Fill(distances, float.PositiveInfinity);
        var chosen = new List<int>();
        for (var next = start; chosen.Count < Math.Min(count, x.Rows); next = TensorPrimitives.IndexOfMax(distances))
        {
            chosen.Add(next);
            for (var r = 0; r < x.Rows; r++) distances[r] = Math.Min(distances[r], TensorPrimitives.Distance(x.Row(r), x.Row(next)));
            foreach (var taken in chosen) distances[taken] = -1; // equal rows are not taken twice
        }
        return [.. chosen];
    }

    /// <summary>
    /// Of each class in turn the row nearest to the border: the least positive margin (own machine less the best other one) first; rows on the wrong side come last, as they
    /// may be mislabelled.
    /// </summary>
    /// <param name="x">Features.</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="cancellation">Stops the solver.</param>
    public static int[] SupportVectors(FeatureMatrix x, int[] labels, int classes, CancellationToken cancellation)
    {
        var machines = new double[classes][];
        for (var k = 0; k < classes; k++)
        {
            var own = k;
            machines[k] = k == 1 && classes == 2 ? Array.ConvertAll(machines[0], value => -value)
                : LinearSvm.Fit(x, Array.ConvertAll(labels, label => label == own), tolerance: 1e-6, cancellation: cancellation).Margins(x);
        }
        var margins = new double[x.Rows];
        for (var r = 0; r < x.Rows; r++)
            margins[r] = machines[labels[r]][r] - Enumerable.Range(0, classes).Where(k => k != labels[r]).Max(k => machines[k][r]);
        return InTurn([.. Enumerable.Range(0, x.Rows).OrderBy(r => margins[r] <= 0).ThenBy(r => Math.Abs(margins[r]))], labels);
    }

    /// <summary>The rows of a pool by falling similarity to a row; equals in the pool's order.</summary>
    /// <param name="pool">Features of length one.</param>
    /// <param name="row">Features of length one.</param>
    /// <param name="without">A row of the pool to pass over: the row itself, where it is one of the pool; −1 for none.</param>
    public static int[] Nearest(FeatureMatrix pool, ReadOnlySpan<float> row, int without = -1)
    {
        var distances = new float[pool.Rows];
        for (var r = 0; r < distances.Length; r++) distances[r] = -TensorPrimitives.Dot(pool.Row(r), row);
        return [.. Enumerable.Range(0, distances.Length).Where(r => r != without).OrderBy(r => distances[r])];
    }

    /// <summary>One row of each class after another, each class in the given order; the classes in the order in which they first occur.</summary>
    private static int[] InTurn(int[] order, int[] labels)
    {
        var classes = order.GroupBy(row => labels[row]).Select(rows => rows.ToArray()).ToArray();
        return [.. Enumerable.Range(0, classes.Length == 0 ? 0 : classes.Max(rows => rows.Length)).SelectMany(turn => classes.Where(rows => turn < rows.Length).Select(rows => rows[turn]))];
    }
}
