using System.Runtime.InteropServices;
using Polymath.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Features;

/// <summary>A clustering.</summary>
/// <param name="Centres">[clusters, columns], row-major.</param>
/// <param name="Labels">The cluster of each row.</param>
/// <param name="Inertia">The sum of the squared distances of the rows to their centres.</param>
/// <param name="Iterations">Passes over the rows, the last one included, which found nothing to move.</param>
public sealed record Clustering(double[] Centres, int[] Labels, double Inertia, int Iterations);

/// <summary>k-means by Lloyd's iterations in float64, from k-means++ seeds (Arthur and Vassilvitskii 2007) or given centres.</summary>
public static class KMeans
{
    private const int BlockRows = 4096;

    /// <summary>Clusters the rows from seeded k-means++ centres.</summary>
    /// <param name="x">Features.</param>
    /// <param name="clusters">How many, at most the number of rows.</param>
    /// <param name="seed">The seed of the centres.</param>
    /// <param name="maxIterations">The most passes over the rows.</param>
    /// <param name="cancellation">Checked at each pass.</param>
    public static Clustering Fit(FeatureMatrix x, int clusters, ulong seed = 0, int maxIterations = 300, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clusters);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(clusters, x.Rows);
        return Fit(x, PlusPlus(x, clusters, new SeededRandom(seed)), maxIterations, cancellation);
    }

    /// <summary>Clusters the rows from given centres, [clusters, columns] row-major, which are not changed.</summary>
    public static Clustering Fit(FeatureMatrix x, double[] centres, int maxIterations = 300, CancellationToken cancellation = default)
    {
        if (centres.Length == 0 || centres.Length % x.Columns != 0 || centres.Length / x.Columns > x.Rows) throw new ArgumentException("the centres do not fit the features");
        centres = (double[])centres.Clone();
        var labels = new int[x.Rows];
        Array.Fill(labels, -1);
        var iterations = 0;
        while (iterations < maxIterations)
        {
            cancellation.ThrowIfCancellationRequested();
            iterations++;
            if (!Assign(x, centres, labels)) break;
            Move(x, centres, labels);
        }
        if (iterations == maxIterations) Assign(x, centres, labels);
        double inertia = 0;
        for (var i = 0; i < x.Rows; i++) inertia += Distance(x, i, centres.AsSpan(labels[i] * x.Columns, x.Columns));
        return new Clustering(centres, labels, inertia, iterations);
    }

    /// <summary>Gives each row its nearest centre (the first of equals); says whether any label changed.</summary>
    private static bool Assign(FeatureMatrix x, double[] centres, int[] labels)
    {
        var changed = false;
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var turned = from_array(centres).view(-1, x.Columns).t();
        var squares = turned.pow(2).sum([0]);
        for (var start = 0; start < x.Rows; start += BlockRows)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(BlockRows, x.Rows - start);
            var block = x.AsTensor().narrow(0, start, count).to(ScalarType.Float64);
            // ‖x − c‖² less ‖x‖², which is the same for all centres.
            var nearest = MemoryMarshal.Cast<byte, long>(addmm(squares, block, turned, 1, -2).argmin(1).bytes);
            for (var i = 0; i < count; i++)
            {
                changed |= labels[start + i] != nearest[i];
                labels[start + i] = (int)nearest[i];
            }
        }
        return changed;
    }

    /// <summary>Moves each centre to the mean of its rows; an empty cluster takes the row that is farthest from its own centre.</summary>
    private static void Move(FeatureMatrix x, double[] centres, int[] labels)
    {
        var width = x.Columns;
        var counts = new int[centres.Length / width];
        foreach (var label in labels) counts[label]++;
        for (var empty = Array.IndexOf(counts, 0); empty >= 0; empty = Array.IndexOf(counts, 0))
        {
            var (farthest, distance) = (-1, -1.0);
            for (var i = 0; i < x.Rows; i++)
                if (counts[labels[i]] > 1 && Distance(x, i, centres.AsSpan(labels[i] * width, width)) is var d && d > distance) (farthest, distance) = (i, d);
            counts[labels[farthest]]--;
            (labels[farthest], counts[empty]) = (empty, 1);
            for (var j = 0; j < width; j++) centres[empty * width + j] = x.Row(farthest)[j]; // at distance 0: not taken again
        }
        Array.Clear(centres);
        for (var i = 0; i < x.Rows; i++)
        {
            var row = x.Row(i);
            var centre = centres.AsSpan(labels[i] * width, width);
            for (var j = 0; j < width; j++) centre[j] += row[j];
        }
        for (var c = 0; c < counts.Length; c++) VectorMath.Scale(centres.AsSpan(c * width, width), 1.0 / counts[c]);
    }

    /// <summary>Draws centres one by one, each row with a chance in proportion to its squared distance from the centres so far.</summary>
    private static double[] PlusPlus(FeatureMatrix x, int clusters, SeededRandom random)
    {
        var centres = new double[clusters * x.Columns];
        var distances = new double[x.Rows];
        Array.Fill(distances, double.PositiveInfinity);
        var chosen = random.Next(x.Rows);
        for (var c = 0; ; c++)
        {
            var centre = centres.AsSpan(c * x.Columns, x.Columns);
            for (var j = 0; j < x.Columns; j++) centre[j] = x.Row(chosen)[j];
            if (c == clusters - 1) return centres;
            double total = 0;
            for (var i = 0; i < x.Rows; i++) total += distances[i] = Math.Min(distances[i], Distance(x, i, centre));
            var target = random.NextDouble() * total;
            for (chosen = 0; chosen < x.Rows - 1 && (target -= distances[chosen]) >= 0; chosen++) { }
        }
    }

    private static double Distance(FeatureMatrix x, int row, ReadOnlySpan<double> centre)
    {
        double sum = 0;
        var values = x.Row(row);
        for (var j = 0; j < centre.Length; j++) sum += (values[j] - centre[j]) * (values[j] - centre[j]);
        return sum;
    }
}
