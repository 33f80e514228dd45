namespace Polymath.Evaluation;

/// <summary>A measured value and the interval that resampling gives it.</summary>
/// <param name="Value">The value on all rows.</param>
/// <param name="Low">The interval's lower end.</param>
/// <param name="High">The interval's upper end.</param>
/// <param name="Level">The share of resamples inside, for example 0.95.</param>
public sealed record ConfidenceInterval(double Value, double Low, double High, double Level);

/// <summary>Percentile bootstrap over rows (Efron 1979): rows are drawn with replacement, the metric is computed anew on each draw.</summary>
public static class Bootstrap
{
    /// <summary>The interval of a metric.</summary>
    /// <param name="metric">The measure.</param>
    /// <param name="outcomes">Truth and predictions, of any kind.</param>
    /// <param name="resamples">The number of draws.</param>
    /// <param name="seed">The seed of the draws: equal seeds, equal intervals.</param>
    /// <param name="level">The share of draws that the interval holds.</param>
    public static ConfidenceInterval Interval(Metric metric, TaskOutcomes outcomes, int resamples = 1000, ulong seed = 0, double level = 0.95) =>
        Interval(outcomes.Rows, counts => metric.Compute(outcomes, counts), resamples, seed, level);

    /// <summary>The interval of a score of so many units; the score is given how often each unit counts, nothing for once.</summary>
    internal static ConfidenceInterval Interval(int units, Func<int[], double> score, int resamples = 1000, ulong seed = 0, double level = 0.95)
    {
        var (low, high) = Percentiles(Draws(units, resamples, seed, score), level);
        return new ConfidenceInterval(score([]), low, high, level);
    }

    /// <summary>The statistic's value on each resample; the statistic is given how often each row was drawn.</summary>
    internal static double[] Draws(int rows, int resamples, ulong seed, Func<int[], double> statistic)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 1);
        var random = new SeededRandom(seed);
        var counts = new int[rows];
        var values = new double[resamples];
        for (var r = 0; r < resamples; r++)
        {
            Array.Clear(counts);
            for (var i = 0; i < rows; i++) counts[random.Next(rows)]++;
            values[r] = statistic(counts);
        }
        return values;
    }

    /// <summary>
    /// The two percentiles that leave (1 − level) / 2 of the values outside on either side, linear between order statistics. Draws on which
    /// the metric is not defined (NaN) do not count.
    /// </summary>
    internal static (double Low, double High) Percentiles(double[] values, double level)
    {
        if (level is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "a level lies between 0 and 1");
        double[] sorted = [.. values.Where(value => !double.IsNaN(value)).Order()];
        if (sorted.Length == 0) return (double.NaN, double.NaN);
        return (At((1 - level) / 2), At((1 + level) / 2));

        double At(double share)
        {
            var position = share * (sorted.Length - 1);
            var below = (int)position;
            return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
        }
    }
}
