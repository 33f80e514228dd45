namespace Polymath.Evaluation;

/// <summary>What a task wrote for rows whose right answers are known, and how likely these were to it.</summary>
public sealed class TextOutcomes : TaskOutcomes
{
    private readonly bool[] _exact;
    private readonly double[] _rouge;
    private readonly int[][] _characters;

    /// <summary>Compares texts.</summary>
    /// <param name="truth">The right answers, [rows].</param>
    /// <param name="predicted">What was written, [rows].</param>
    /// <param name="logs">Sum of the natural logarithms of the probabilities of each right answer's tokens, [rows]; null where unknown.</param>
    /// <param name="tokens">The number of these tokens, [rows]; null where unknown.</param>
    /// <exception cref="ArgumentException">Lengths differ, or there is no row.</exception>
    public TextOutcomes(IReadOnlyList<string> truth, IReadOnlyList<string> predicted, double[]? logs = null, int[]? tokens = null)
    {
        if (truth.Count == 0) throw new ArgumentException("there is no row to evaluate");
        if (truth.Count != predicted.Count) throw new ArgumentException($"{truth.Count} answers but {predicted.Count} texts");
        if (logs is null != tokens is null || (logs is not null && (logs.Length != truth.Count || tokens!.Length != truth.Count))) throw new ArgumentException($"likelihoods of {logs?.Length} answers with {tokens?.Length} lengths for {truth.Count} rows");
        (Truth, Predicted, LogProbabilities, Tokens) = (truth, predicted, logs, tokens);
        _exact = [.. truth.Zip(predicted, (a, b) => a.Trim() == b.Trim())];
        _rouge = [.. truth.Zip(predicted, TextOverlap.RougeL)];
        _characters = [.. truth.Zip(predicted, TextOverlap.CharacterCounts)];
    }

    /// <summary>The right answers.</summary>
    public IReadOnlyList<string> Truth { get; }

    /// <summary>What was written.</summary>
    public IReadOnlyList<string> Predicted { get; }

    /// <summary>Log-probability of each right answer; null where unknown.</summary>
    public IReadOnlyList<double>? LogProbabilities { get; }

    /// <summary>Tokens of each right answer, the end token included; null where unknown.</summary>
    public IReadOnlyList<int>? Tokens { get; }

    /// <inheritdoc/>
    public override int Rows => Truth.Count;

    private protected override TaskOutcomes JoinAll(IReadOnlyList<TaskOutcomes> parts)
    {
        TextOutcomes[] all = [.. parts.Cast<TextOutcomes>()];
        var known = all.All(part => part.Tokens is not null);
        return new TextOutcomes([.. all.SelectMany(part => part.Truth)], [.. all.SelectMany(part => part.Predicted)],
            known ? [.. all.SelectMany(part => part.LogProbabilities!)] : null, known ? [.. all.SelectMany(part => part.Tokens!)] : null);
    }

    internal override double Measure(Metric metric, ReadOnlySpan<int> counts)
    {
        switch (metric)
        {
            case Metric.ExactMatch: return Mean(_exact, exact => exact ? 1 : 0, counts);
            case Metric.RougeL: return Mean(_rouge, rouge => rouge, counts);
            case Metric.Perplexity: return Tokens is null ? double.NaN : Math.Exp(-Mean(LogProbabilities!, log => log, counts) / Mean(Tokens, number => number, counts));
            case Metric.Chrf:
                var sums = new long[3 * TextOverlap.Order];
                for (var row = 0; row < Rows; row++)
                {
                    var count = counts.Length == 0 ? 1 : counts[row];
                    if (count == 0) continue;
                    for (var at = 0; at < sums.Length; at++) sums[at] += (long)count * _characters[row][at];
                }
                return TextOverlap.Chrf(sums);
            default: throw NotFor(metric, "texts");
        }
    }

    internal override bool SameTruth(TaskOutcomes other) => other is TextOutcomes same && Truth.SequenceEqual(same.Truth);

    private static double Mean<T>(IReadOnlyList<T> values, Func<T, double> of, ReadOnlySpan<int> counts)
    {
        double sum = 0, weight = 0;
        for (var row = 0; row < values.Count; row++)
        {
            var count = counts.Length == 0 ? 1 : counts[row];
            (sum, weight) = (sum + count * of(values[row]), weight + count);
        }
        return sum / weight;
    }
}
