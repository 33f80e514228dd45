namespace Polymath.Evaluation;

/// <summary>What a task said about rows that each have a number.</summary>
public sealed class RegressionOutcomes : TaskOutcomes
{
    private readonly SortedValues _trueOrder, _predictedOrder;

    /// <summary>Wraps the numbers without copying them.</summary>
    /// <param name="truth">True values, [rows].</param>
    /// <param name="predicted">Predicted values, [rows].</param>
    /// <exception cref="ArgumentException">Lengths differ, or there is no row.</exception>
    public RegressionOutcomes(double[] truth, double[] predicted)
    {
        if (truth.Length != predicted.Length) throw new ArgumentException($"{truth.Length} values but {predicted.Length} predictions");
        if (truth.Length == 0) throw new ArgumentException("there is no row to evaluate");
        (Truth, Predicted) = (truth, predicted);
        (_trueOrder, _predictedOrder) = (SortedValues.Of(truth), SortedValues.Of(predicted));
    }

    /// <summary>True values, [rows].</summary>
    public double[] Truth { get; }

    /// <summary>Predicted values, [rows].</summary>
    public double[] Predicted { get; }

    /// <inheritdoc/>
    public override int Rows => Truth.Length;

    private protected override TaskOutcomes JoinAll(IReadOnlyList<TaskOutcomes> parts)
    {
        RegressionOutcomes[] all = [.. parts.Cast<RegressionOutcomes>()];
        return new RegressionOutcomes([.. all.SelectMany(part => part.Truth)], [.. all.SelectMany(part => part.Predicted)]);
    }

    internal override double Measure(Metric metric, ReadOnlySpan<int> counts) => metric switch
    {
        Metric.Pearson => Pearson(Truth, Predicted, counts),
        Metric.Spearman => Pearson(Ranks(_trueOrder, counts), Ranks(_predictedOrder, counts), counts),
        Metric.MeanAbsoluteError => Errors(counts, Math.Abs) / Weight(counts),
        Metric.RootMeanSquaredError => Math.Sqrt(Errors(counts, error => error * error) / Weight(counts)),
        Metric.RSquared => 1 - Errors(counts, error => error * error) / Spread(counts),
        _ => throw NotFor(metric, "numbers"),
    };

    internal override bool SameTruth(TaskOutcomes other) => other is RegressionOutcomes same && Truth.AsSpan().SequenceEqual(same.Truth);

    private double Errors(ReadOnlySpan<int> counts, Func<double, double> cost)
    {
        double sum = 0;
        for (var i = 0; i < Rows; i++) sum += Count(counts, i) * cost(Predicted[i] - Truth[i]);
        return sum;
    }

    /// <summary>The squared error of the mean; NaN where there is none, so that a quotient by it says that nothing is known.</summary>
    private double Spread(ReadOnlySpan<int> counts)
    {
        double sum = 0, mean = Mean(Truth, counts);
        for (var i = 0; i < Rows; i++) sum += Count(counts, i) * (Truth[i] - mean) * (Truth[i] - mean);
        return sum == 0 ? double.NaN : sum;
    }

    private double Weight(ReadOnlySpan<int> counts)
    {
        if (counts.Length == 0) return Rows;
        double sum = 0;
        foreach (var count in counts) sum += count;
        return sum;
    }

    private static int Count(ReadOnlySpan<int> counts, int row) => counts.Length == 0 ? 1 : counts[row];

    private double Mean(double[] values, ReadOnlySpan<int> counts)
    {
        double sum = 0;
        for (var i = 0; i < values.Length; i++) sum += Count(counts, i) * values[i];
        return sum / Weight(counts);
    }

    private double Pearson(double[] a, double[] b, ReadOnlySpan<int> counts)
    {
        double meanA = Mean(a, counts), meanB = Mean(b, counts), ab = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            var count = Count(counts, i);
            ab += count * (a[i] - meanA) * (b[i] - meanB);
            aa += count * (a[i] - meanA) * (a[i] - meanA);
            bb += count * (b[i] - meanB) * (b[i] - meanB);
        }
        return aa == 0 || bb == 0 ? 0 : ab / Math.Sqrt(aa * bb);
    }

    /// <summary>Each row's rank among the rows drawn, equal values at the mean of their ranks.</summary>
    private static double[] Ranks(SortedValues order, ReadOnlySpan<int> counts)
    {
        var ranks = new double[order.Rows.Length];
        double before = 0;
        for (int start = 0, end; start < ranks.Length; start = end)
        {
            double tied = 0;
            for (end = start; end < ranks.Length && order.Keys[end] == order.Keys[start]; end++) tied += Count(counts, order.Rows[end]);
            for (var i = start; i < end; i++) ranks[order.Rows[i]] = before + (tied - 1) / 2;
            before += tied;
        }
        return ranks;
    }
}
