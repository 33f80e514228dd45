namespace Polymath.Evaluation;

/// <summary>What a task said about rows that each have any number of labels.</summary>
public sealed class MultiLabelOutcomes : TaskOutcomes
{
    private readonly double[] _ranking, _wrong, _exact; // of each row
    private readonly int[][] _hits, _marked; // of each row: labels rightly predicted; labels true, then labels predicted

    /// <summary>Outcomes of probabilities and the least one at which a label is given.</summary>
    /// <param name="truth">Whether a row has a label, [rows, labels], row-major.</param>
    /// <param name="probabilities">The probability of each label, [rows, labels]; only their order within a row counts for ranking.</param>
    /// <param name="thresholds">The least probability at which each label is predicted, [labels].</param>
    /// <exception cref="ArgumentException">Lengths differ, or there is no row.</exception>
    public MultiLabelOutcomes(bool[] truth, float[] probabilities, IReadOnlyList<double> thresholds)
        : this(truth, probabilities, [.. probabilities.Select((p, i) => p >= thresholds[i % thresholds.Count])], thresholds.Count) { }

    private MultiLabelOutcomes(bool[] truth, float[] probabilities, bool[] predicted, int labels)
    {
        Labels = labels;
        if (truth.Length != probabilities.Length || Labels == 0 || truth.Length % Labels != 0)
            throw new ArgumentException($"{truth.Length} marks, {probabilities.Length} probabilities and {Labels} labels do not fit together");
        if (truth.Length == 0) throw new ArgumentException("there is no row to evaluate");
        (Truth, Probabilities, Predicted) = (truth, probabilities, predicted);
        (_ranking, _wrong, _exact) = (new double[Rows], new double[Rows], new double[Rows]);
        (_hits, _marked) = (new int[Rows][], new int[Rows][]);
        for (var r = 0; r < Rows; r++) Tally(r);
    }

    /// <summary>The number of labels.</summary>
    public int Labels { get; }

    /// <summary>Whether a row has a label, [rows, labels].</summary>
    public bool[] Truth { get; }

    /// <summary>Whether a label is predicted for a row, [rows, labels].</summary>
    public bool[] Predicted { get; }

    /// <summary>The probability of each label, [rows, labels].</summary>
    public float[] Probabilities { get; }

    /// <inheritdoc/>
    public override int Rows => Truth.Length / Labels;

    /// <summary>How each label fared, in label order.</summary>
    public IReadOnlyList<ClassScore> PerLabel()
    {
        var (hits, truths, predicted) = Tallies([]);
        return [.. Enumerable.Range(0, Labels).Select(k => new ClassScore(predicted[k] == 0 ? 0 : (double)hits[k] / predicted[k],
            truths[k] == 0 ? 0 : (double)hits[k] / truths[k], truths[k] + predicted[k] == 0 ? 0 : 2.0 * hits[k] / (truths[k] + predicted[k]), (int)truths[k], (int)predicted[k]))];
    }

    private protected override TaskOutcomes JoinAll(IReadOnlyList<TaskOutcomes> parts)
    {
        MultiLabelOutcomes[] all = [.. parts.Cast<MultiLabelOutcomes>()];
        if (all.Any(part => part.Labels != Labels)) throw new ArgumentException("the parts have different labels");
        return new MultiLabelOutcomes([.. all.SelectMany(part => part.Truth)], [.. all.SelectMany(part => part.Probabilities)], [.. all.SelectMany(part => part.Predicted)], Labels);
    }

    internal override double Measure(Metric metric, ReadOnlySpan<int> counts) => metric switch
    {
        Metric.MicroF1 or Metric.MacroF1 => F1(metric == Metric.MicroF1, counts),
        Metric.ExactMatch => ClassMeasures.WeightedMean(_exact, counts),
        Metric.HammingLoss => ClassMeasures.WeightedMean(_wrong, counts) / Labels,
        Metric.LabelRanking => ClassMeasures.WeightedMean(_ranking, counts),
        _ => throw NotFor(metric, "several labels a row"),
    };

    internal override bool SameTruth(TaskOutcomes other) => other is MultiLabelOutcomes same && Truth.AsSpan().SequenceEqual(same.Truth);

    private void Tally(int row)
    {
        var truth = Truth.AsSpan(row * Labels, Labels);
        var scores = Probabilities.AsSpan(row * Labels, Labels);
        List<int> hits = [], truths = [], guesses = [];
        double precision = 0;
        for (var k = 0; k < Labels; k++)
        {
            var guessed = Predicted[row * Labels + k];
            if (truth[k]) truths.Add(k);
            if (guessed) guesses.Add(k);
            if (truth[k] && guessed) hits.Add(k);
            if (!truth[k]) continue;
            int above = 0, trueAbove = 0;
            for (var other = 0; other < Labels; other++)
            {
                if (!(scores[other] >= scores[k])) continue;
                above++;
                if (truth[other]) trueAbove++;
            }
            precision += (double)trueAbove / above;
        }
        _ranking[row] = truths.Count == 0 ? 1 : precision / truths.Count;
        _wrong[row] = truths.Count + guesses.Count - 2 * hits.Count;
        _exact[row] = _wrong[row] == 0 ? 1 : 0;
        _hits[row] = [.. hits];
        _marked[row] = [.. truths, .. guesses.Select(k => k + Labels)];
    }

    private double F1(bool micro, ReadOnlySpan<int> counts)
    {
        var (hits, truths, predicted) = Tallies(counts);
        double marked = truths.Sum() + predicted.Sum();
        if (micro) return marked == 0 ? 0 : 2 * hits.Sum() / marked;
        double sum = 0;
        var present = 0;
        for (var k = 0; k < Labels; k++)
        {
            if (truths[k] + predicted[k] == 0) continue;
            sum += 2.0 * hits[k] / (truths[k] + predicted[k]);
            present++;
        }
        return present == 0 ? 0 : sum / present;
    }

    private (long[] Hits, long[] Truths, long[] Predicted) Tallies(ReadOnlySpan<int> counts)
    {
        long[] hits = new long[Labels], marks = new long[2 * Labels];
        for (var r = 0; r < Rows; r++)
        {
            var count = counts.Length == 0 ? 1 : counts[r];
            foreach (var k in _hits[r]) hits[k] += count;
            foreach (var k in _marked[r]) marks[k] += count;
        }
        return (hits, marks[..Labels], marks[Labels..]);
    }
}
