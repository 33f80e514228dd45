using Polymath.Evaluation;

namespace Polymath.Tagging;

/// <summary>How spans of one kind, or of all, were found.</summary>
/// <param name="Precision">Found spans that are right; 0 where none was found.</param>
/// <param name="Recall">True spans that were found; 0 where there are none.</param>
/// <param name="F1">The harmonic mean of the two.</param>
/// <param name="Spans">True spans.</param>
/// <param name="Found">Found spans.</param>
public sealed record SpanScore(double Precision, double Recall, double F1, int Spans, int Found);

/// <summary>
/// Found spans against true ones, as conlleval counts (Tjong Kim Sang and Buchholz 2000): a span is right where its first word, its last word
/// and its kind are. Intervals draw whole sentences, as words of one sentence are not independent.
/// </summary>
public sealed class TaggingOutcomes
{
    private readonly int[] _true, _found, _right; // [sentences, kinds]

    /// <summary>Counts the spans of sentences.</summary>
    /// <param name="truth">The true tags of each sentence.</param>
    /// <param name="predicted">The predicted tags of each sentence.</param>
    /// <exception cref="ArgumentException">Lengths differ, or there is no sentence.</exception>
    public TaggingOutcomes(IReadOnlyList<IReadOnlyList<string>> truth, IReadOnlyList<IReadOnlyList<string>> predicted)
    {
        if (truth.Count == 0 || truth.Count != predicted.Count) throw new ArgumentException($"{truth.Count} tagged sentences, {predicted.Count} predictions");
        var (wanted, given) = (truth.Select(WordSpan.Of).ToArray(), predicted.Select(WordSpan.Of).ToArray());
        Kinds = [.. wanted.Concat(given).SelectMany(spans => spans).Select(span => span.Kind).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        (_true, _found, _right) = (new int[truth.Count * Kinds.Count], new int[truth.Count * Kinds.Count], new int[truth.Count * Kinds.Count]);
        Truth = truth;
        int words = 0, hits = 0;
        for (var s = 0; s < truth.Count; s++)
        {
            if (truth[s].Count != predicted[s].Count) throw new ArgumentException($"sentence {s} has {truth[s].Count} words, but {predicted[s].Count} predicted tags");
            words += truth[s].Count;
            for (var w = 0; w < truth[s].Count; w++) hits += truth[s][w] == predicted[s][w] ? 1 : 0;
            var right = wanted[s].ToHashSet();
            foreach (var span in wanted[s]) _true[Place(s, span)]++;
            foreach (var span in given[s])
            {
                _found[Place(s, span)]++;
                if (right.Contains(span)) _right[Place(s, span)]++;
            }
        }
        (Words, Accuracy) = (words, words == 0 ? double.NaN : (double)hits / words);
    }

    /// <summary>The kinds of span that occur, in ordinal order.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <summary>The number of sentences.</summary>
    public int Sentences => Truth.Count;

    /// <summary>The number of words.</summary>
    public int Words { get; }

    /// <summary>The share of words with the right tag.</summary>
    public double Accuracy { get; }

    /// <summary>All kinds together (micro average).</summary>
    public SpanScore Overall => Score(null);

    internal IReadOnlyList<IReadOnlyList<string>> Truth { get; }

    /// <summary>One kind.</summary>
    public SpanScore Of(string kind) => Score(Kinds.ToList().IndexOf(kind) is >= 0 and var k ? k : throw new ArgumentException($"there is no kind '{kind}'"));

    /// <summary>The micro F1 with its interval.</summary>
    /// <param name="resamples">The number of draws.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="level">The share of draws that the interval holds.</param>
    public ConfidenceInterval Interval(int resamples = 1000, ulong seed = 0, double level = 0.95) => Bootstrap.Interval(Sentences, F1, resamples, seed, level);

    /// <summary>The paired difference of two methods' micro F1 on the same sentences.</summary>
    /// <exception cref="ArgumentException">These are not the same sentences.</exception>
    public static PairedComparison Compare(TaggingOutcomes a, TaggingOutcomes b, int resamples = 1000, ulong seed = 0, double level = 0.95)
    {
        if (a.Sentences != b.Sentences || !a.Truth.Zip(b.Truth).All(pair => pair.First.SequenceEqual(pair.Second))) throw new ArgumentException("the two methods were not measured on the same sentences");
        return PairedBootstrap.Compare(a.Sentences, a.F1, b.F1, resamples, seed, level);
    }

    /// <summary>The micro F1 where each sentence counts as often as it says; empty: once.</summary>
    internal double F1(int[] counts)
    {
        long wanted = 0, found = 0, right = 0;
        for (var s = 0; s < Sentences; s++)
        {
            var count = counts.Length == 0 ? 1 : counts[s];
            for (var at = s * Kinds.Count; at < (s + 1) * Kinds.Count; at++) (wanted, found, right) = (wanted + count * _true[at], found + count * _found[at], right + count * _right[at]);
        }
        return wanted + found == 0 ? 0 : 2.0 * right / (wanted + found);
    }

    private SpanScore Score(int? kind)
    {
        int wanted = 0, found = 0, right = 0;
        for (var at = 0; at < _true.Length; at++)
            if (kind is null || at % Kinds.Count == kind) (wanted, found, right) = (wanted + _true[at], found + _found[at], right + _right[at]);
        return new SpanScore(found == 0 ? 0 : (double)right / found, wanted == 0 ? 0 : (double)right / wanted, wanted + found == 0 ? 0 : 2.0 * right / (wanted + found), wanted, found);
    }

    private int Place(int sentence, WordSpan span) => sentence * Kinds.Count + Kinds.ToList().IndexOf(span.Kind);
}
