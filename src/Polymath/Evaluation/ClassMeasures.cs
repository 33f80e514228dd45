namespace Polymath.Evaluation;

/// <summary>The metrics of rows with one class each, where every row may count several times or not at all.</summary>
internal static class ClassMeasures
{
    /// <summary>The metric's value.</summary>
    /// <param name="metric">The measure.</param>
    /// <param name="outcomes">Classes and predictions.</param>
    /// <param name="counts">How often each row counts; empty: once.</param>
    public static double Of(Metric metric, Outcomes outcomes, ReadOnlySpan<int> counts) => metric switch
    {
        Metric.LogLoss => outcomes.LogLosses is { } losses ? WeightedMean(losses, counts) : double.NaN,
        Metric.CalibrationError => CalibrationError(outcomes, counts),
        Metric.RocAuc => RocAuc(outcomes, counts),
        Metric.Accuracy or Metric.Matthews or Metric.MacroF1 or Metric.WeightedF1 => FromTallies(metric, outcomes, counts),
        _ => throw TaskOutcomes.NotFor(metric, "one class a row"),
    };

    /// <summary>The mean of a value of each row.</summary>
    internal static double WeightedMean(double[] values, ReadOnlySpan<int> counts)
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

    private static double RocAuc(Outcomes outcomes, ReadOnlySpan<int> counts)
    {
        if (outcomes.Classes != 2) throw new PolymathException($"metric {Metric.RocAuc.Name()} is for two classes, not {outcomes.Classes}; expected another metric");
        if (outcomes.SecondClassOrder is not { } order) return double.NaN;
        double won = 0, positives = 0, negatives = 0;
        for (int start = 0, end; start < order.Rows.Length; start = end)
        {
            double hits = 0, misses = 0;
            for (end = start; end < order.Rows.Length && order.Keys[end] == order.Keys[start]; end++)
            {
                var count = counts.Length == 0 ? 1 : counts[order.Rows[end]];
                if (outcomes.Labels[order.Rows[end]] == 1) hits += count;
                else misses += count;
            }
            // Lowest probability first: these positives beat the negatives seen so far.
            won += hits * (negatives + 0.5 * misses);
            positives += hits;
            negatives += misses;
        }
        return won / (positives * negatives);
    }
}
