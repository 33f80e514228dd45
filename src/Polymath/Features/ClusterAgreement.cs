namespace Polymath.Features;

/// <summary>How well a clustering agrees with labels; cluster numbers carry no meaning.</summary>
public static class ClusterAgreement
{
    /// <summary>The share of rows whose label is the most frequent one of their cluster.</summary>
    public static double Purity(ReadOnlySpan<int> clusters, ReadOnlySpan<int> labels)
    {
        var counts = Counts(clusters, labels, out _, out _);
        var best = new Dictionary<int, int>();
        foreach (var ((cluster, _), count) in counts) best[cluster] = Math.Max(best.GetValueOrDefault(cluster), count);
        return (double)best.Values.Sum() / clusters.Length;
    }

    /// <summary>The adjusted Rand index (Hubert and Arabie 1985): 1 for equal partitions, 0 on average for random ones.</summary>
    public static double AdjustedRandIndex(ReadOnlySpan<int> clusters, ReadOnlySpan<int> labels)
    {
        var counts = Counts(clusters, labels, out var rows, out var columns);
        double both = counts.Values.Sum(Pairs), first = rows.Values.Sum(Pairs), second = columns.Values.Sum(Pairs), all = Pairs(clusters.Length);
        var expected = all == 0 ? 0 : first * second / all;
        var most = (first + second) / 2;
        return most == expected ? 1 : (both - expected) / (most - expected);

        static double Pairs(int n) => n * (n - 1.0) / 2;
    }

    /// <summary>Normalised mutual information, divided by the arithmetic mean of the two entropies; 1 where both partitions are a single part.</summary>
    public static double NormalizedMutualInformation(ReadOnlySpan<int> clusters, ReadOnlySpan<int> labels)
    {
        var counts = Counts(clusters, labels, out var rows, out var columns);
        double n = clusters.Length, information = 0;
        foreach (var ((cluster, label), count) in counts) information += count / n * Math.Log(count * n / ((double)rows[cluster] * columns[label]));
        var mean = (Entropy(rows) + Entropy(columns)) / 2;
        return mean == 0 ? 1 : information / mean;

        double Entropy(Dictionary<int, int> parts) => -parts.Values.Sum(count => count / n * Math.Log(count / n));
    }

    private static Dictionary<(int, int), int> Counts(ReadOnlySpan<int> a, ReadOnlySpan<int> b, out Dictionary<int, int> first, out Dictionary<int, int> second)
    {
        if (a.Length != b.Length || a.Length == 0) throw new ArgumentException($"{a.Length} clusters for {b.Length} labels, expected one each and at least one");
        var counts = new Dictionary<(int, int), int>();
        (first, second) = ([], []);
        for (var i = 0; i < a.Length; i++)
        {
            counts[(a[i], b[i])] = counts.GetValueOrDefault((a[i], b[i])) + 1;
            first[a[i]] = first.GetValueOrDefault(a[i]) + 1;
            second[b[i]] = second.GetValueOrDefault(b[i]) + 1;
        }
        return counts;
    }
}
