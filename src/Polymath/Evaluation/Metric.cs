namespace Polymath.Evaluation;

/// <summary>The measures that selection can optimise and reports show.</summary>
public enum Metric
{
    /// <summary>The share of rows whose predicted class is the true one.</summary>
    Accuracy,
    /// <summary>The mean of the classes' F1; a class that occurs neither among labels nor predictions is left out.</summary>
    MacroF1,
    /// <summary>The mean of the classes' F1, weighted by the classes' numbers of rows.</summary>
    WeightedF1,
    /// <summary>Matthews' correlation coefficient for any number of classes (Gorodkin 2004); 0 where one side is constant.</summary>
    Matthews,
    /// <summary>The mean of −log p(true class); lower is better.</summary>
    LogLoss,
    /// <summary>Expected calibration error: the mean gap between confidence and accuracy over 15 equal bins (Guo et al. 2017); lower is better.</summary>
    CalibrationError,
}

/// <summary>Names and values of <see cref="Metric"/>.</summary>
public static class Metrics
{
    private static readonly (Metric Metric, string Name)[] s_names =
    [
        (Metric.Accuracy, "accuracy"), (Metric.MacroF1, "macro-f1"), (Metric.WeightedF1, "weighted-f1"), (Metric.Matthews, "mcc"),
        (Metric.LogLoss, "log-loss"), (Metric.CalibrationError, "calibration-error"),
    ];

    /// <summary>All names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_names.Select(pair => pair.Name)];

    /// <summary>The name used on the command line and in files: accuracy, macro-f1, weighted-f1, mcc, log-loss, calibration-error.</summary>
    public static string Name(this Metric metric) => s_names.First(pair => pair.Metric == metric).Name;

    /// <summary>The metric of a name; case does not matter and '_' stands for '-'.</summary>
    /// <exception cref="PolymathException">There is no metric of that name.</exception>
    public static Metric Parse(string name)
    {
        foreach (var (metric, known) in s_names)
            if (known.Equals(name.Replace('_', '-'), StringComparison.OrdinalIgnoreCase)) return metric;
        throw new PolymathException($"metric '{name}' is unknown; expected one of {string.Join(", ", Names)}");
    }

    /// <summary>Whether a larger value is a better one.</summary>
    public static bool HigherIsBetter(this Metric metric) => metric is not (Metric.LogLoss or Metric.CalibrationError);

    /// <summary>Whether <paramref name="value"/> beats <paramref name="other"/>; NaN beats nothing and is beaten by every number.</summary>
    public static bool IsBetter(this Metric metric, double value, double other) =>
        !double.IsNaN(value) && (double.IsNaN(other) || (metric.HigherIsBetter() ? value > other : value < other));

    /// <summary>The metric's value. NaN for log loss and calibration error where probabilities are unknown.</summary>
    /// <param name="metric">The measure.</param>
    /// <param name="outcomes">Labels and predictions.</param>
    /// <param name="counts">How often each row counts, [rows]; empty: once. The bootstrap passes its draws here.</param>
    public static double Compute(this Metric metric, Outcomes outcomes, ReadOnlySpan<int> counts = default)
    {
        if (counts.Length != 0 && counts.Length != outcomes.Rows) throw new ArgumentException($"{counts.Length} counts for {outcomes.Rows} rows");
        return metric switch
        {
            Metric.LogLoss => outcomes.LogLosses is { } losses ? WeightedMean(losses, counts) : double.NaN,
            Metric.CalibrationError => CalibrationError(outcomes, counts),
            _ => FromTallies(metric, outcomes, counts),
        };
    }

    private static double WeightedMean(double[] values, ReadOnlySpan<int> counts)
    {
        double sum = 0;
        long rows = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var count = counts.Length == 0 ? 1 : counts[i];
            sum += count * values[i];
            rows += count;
        }
        return sum / rows;
    }

    private static double CalibrationError(Outcomes outcomes, ReadOnlySpan<int> counts)
    {
        if (outcomes.Confidences is not { } confidences) return double.NaN;
        Span<double> gaps = stackalloc double[Outcomes.CalibrationBins];
        long rows = 0;
        for (var i = 0; i < confidences.Length; i++)
        {
            var count = counts.Length == 0 ? 1 : counts[i];
            // Bins are closed above, (0, 1/15], …, as in the paper.
            var bin = Math.Clamp((int)Math.Ceiling(confidences[i] * Outcomes.CalibrationBins) - 1, 0, Outcomes.CalibrationBins - 1);
            gaps[bin] += count * (confidences[i] - (outcomes.Labels[i] == outcomes.Predicted[i] ? 1 : 0));
            rows += count;
        }
        double sum = 0;
        foreach (var gap in gaps) sum += Math.Abs(gap);
        return sum / rows;
    }

    // Accuracy, F1 and Matthews need only each class's hits, labels and predictions, so a resample costs rows + classes.
    private static double FromTallies(Metric metric, Outcomes outcomes, ReadOnlySpan<int> counts)
    {
        var tallies = new long[3 * outcomes.Classes];
        Span<long> hits = tallies.AsSpan(0, outcomes.Classes), labels = tallies.AsSpan(outcomes.Classes, outcomes.Classes), predicted = tallies.AsSpan(2 * outcomes.Classes);
        long rows = 0, correct = 0;
        for (var i = 0; i < outcomes.Rows; i++)
        {
            var count = counts.Length == 0 ? 1 : counts[i];
            var (label, guess) = (outcomes.Labels[i], outcomes.Predicted[i]);
            labels[label] += count;
            predicted[guess] += count;
            if (label == guess) { hits[label] += count; correct += count; }
            rows += count;
        }
        return metric switch
        {
            Metric.Accuracy => (double)correct / rows,
            Metric.Matthews => Matthews(rows, correct, labels, predicted),
            Metric.MacroF1 => MeanF1(hits, labels, predicted, weighted: false),
            Metric.WeightedF1 => MeanF1(hits, labels, predicted, weighted: true),
            _ => throw new ArgumentOutOfRangeException(nameof(metric)),
        };
    }

    private static double MeanF1(Span<long> hits, Span<long> labels, Span<long> predicted, bool weighted)
    {
        double sum = 0, weights = 0;
        for (var k = 0; k < hits.Length; k++)
        {
            if (labels[k] + predicted[k] == 0) continue;
            double weight = weighted ? labels[k] : 1;
            sum += weight * 2 * hits[k] / (labels[k] + predicted[k]);
            weights += weight;
        }
        return sum / weights;
    }

    private static double Matthews(long rows, long correct, Span<long> labels, Span<long> predicted)
    {
        double crossed = 0, labelSquares = 0, predictedSquares = 0, n = rows;
        for (var k = 0; k < labels.Length; k++)
        {
            crossed += (double)labels[k] * predicted[k];
            labelSquares += (double)labels[k] * labels[k];
            predictedSquares += (double)predicted[k] * predicted[k];
        }
        var spread = (n * n - labelSquares) * (n * n - predictedSquares);
        return spread <= 0 ? 0 : (correct * n - crossed) / Math.Sqrt(spread);
    }
}
