namespace Polymath.Evaluation;

/// <summary>How two methods differ on the same rows.</summary>
/// <param name="A">The first method's value.</param>
/// <param name="B">The second method's value.</param>
/// <param name="Difference">A − B, in the metric's own direction (for log loss a negative difference favours A).</param>
/// <param name="Low">The lower end of the difference's interval.</param>
/// <param name="High">The upper end.</param>
/// <param name="P">Two-sided: twice the smaller share of resamples on either side of zero (ties on both), at least 2 / (resamples + 1), at most 1.</param>
public sealed record PairedComparison(double A, double B, double Difference, double Low, double High, double P);

/// <summary>Paired bootstrap: both methods are measured on the same draw of rows, so that what is hard for both cancels (Koehn 2004).</summary>
public static class PairedBootstrap
{
    /// <summary>Compares two methods on the same rows, of any kind.</summary>
    /// <exception cref="ArgumentException">The truth differs: these are not the same rows.</exception>
    public static PairedComparison Compare(Metric metric, TaskOutcomes a, TaskOutcomes b, int resamples = 1000, ulong seed = 0, double level = 0.95)
    {
        if (!a.SameTruth(b)) throw new ArgumentException("the two methods were not measured on the same rows");
        return Compare(a.Rows, counts => metric.Compute(a, counts), counts => metric.Compute(b, counts), resamples, seed, level);
    }

    /// <summary>Compares two scores of the same units; a score is given how often each unit counts, nothing for once.</summary>
    internal static PairedComparison Compare(int units, Func<int[], double> a, Func<int[], double> b, int resamples = 1000, ulong seed = 0, double level = 0.95)
    {
        var draws = Bootstrap.Draws(units, resamples, seed, counts => a(counts) - b(counts));
        var (low, high) = Bootstrap.Percentiles(draws, level);
        int atMost = draws.Count(d => d <= 0), atLeast = draws.Count(d => d >= 0);
        var p = Math.Min(1, 2.0 * (Math.Min(atMost, atLeast) + 1) / (resamples + 1));
        double valueA = a([]), valueB = b([]);
        return new PairedComparison(valueA, valueB, valueA - valueB, low, high, p);
    }
}
