namespace Polymath.Evaluation;

/// <summary>How well scores order the rows of a yes-or-no question; ties are counted as ties, not as luck.</summary>
public static class Ranking
{
    /// <summary>Area under the ROC curve: the chance that a positive row scores above a negative one, ties one half. NaN where one class is absent.</summary>
    public static double RocAuc(ReadOnlySpan<bool> positive, ReadOnlySpan<double> scores)
    {
        double below = 0, pairs = 0;
        long positives = 0, negatives = 0;
        foreach (var (hits, misses) in Groups(positive, scores))
        {
            // Highest score first: the positives seen so far beat these negatives.
            below += misses * (positives + 0.5 * hits);
            positives += hits;
            negatives += misses;
        }
        pairs = (double)positives * negatives;
        return below / pairs;
    }

    /// <summary>Average precision: Σ (recall step) × precision over falling thresholds, without interpolation. NaN where no row is positive.</summary>
    public static double AveragePrecision(ReadOnlySpan<bool> positive, ReadOnlySpan<double> scores)
    {
        double sum = 0;
        long positives = 0, seen = 0;
        foreach (var (hits, misses) in Groups(positive, scores))
        {
            positives += hits;
            seen += hits + misses;
            sum += (double)hits * positives / seen;
        }
        return sum / positives;
    }

    private static List<(int Hits, int Misses)> Groups(ReadOnlySpan<bool> positive, ReadOnlySpan<double> scores)
    {
        if (positive.Length != scores.Length) throw new ArgumentException($"{positive.Length} labels but {scores.Length} scores");
        var keys = scores.ToArray();
        var flags = positive.ToArray();
        Array.Sort(keys, flags);
        var groups = new List<(int, int)>();
        for (var end = keys.Length; end > 0;)
        {
            var (hits, start) = (0, end);
            while (start > 0 && keys[start - 1] == keys[end - 1])
                if (flags[--start]) hits++;
            if (start == end) throw new ArgumentException("a score is not a number");
            groups.Add((hits, end - start - hits));
            end = start;
        }
        return groups;
    }
}
