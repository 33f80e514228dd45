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
/// and its kind are. Rows are whole sentences, so that intervals draw these: words of one sentence are not independent.
/// </summary>
public sealed class TaggingOutcomes : TaskOutcomes
{
    private readonly int[] _true, _found, _right; // [sentences, kinds]
    private readonly int[] _words, _hits; // [sentences]

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
        (Truth, Predicted) = (truth, predicted);
        (_words, _hits) = (new int[truth.Count], new int[truth.Count]);
        for (var s = 0; s < truth.Count; s++)
        {
            if (truth[s].Count != predicted[s].Count) throw new ArgumentException($"sentence {s} has {truth[s].Count} words, but {predicted[s].Count} predicted tags");
            _words[s] = truth[s].Count;
            for (var w = 0; w < truth[s].Count; w++) _hits[s] += truth[s][w] == predicted[s][w] ? 1 : 0;
            var right = wanted[s].ToHashSet();
            foreach (var span in wanted[s]) _true[Place(s, span)]++;
            foreach (var span in given[s])
            {
                _found[Place(s, span)]++;
                if (right.Contains(span)) _right[Place(s, span)]++;
            }
        }
    }

    /// <summary>The kinds of span that occur, in ordinal order.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <summary>The number of sentences.</summary>
    public override int Rows => Truth.Count;

    /// <summary>The number of words.</summary>
    public int Words => _words.Sum();

    /// <summary>All kinds together (micro average).</summary>
    public SpanScore Overall => Score(null);

    internal IReadOnlyList<IReadOnlyList<string>> Truth { get; }

    internal IReadOnlyList<IReadOnlyList<string>> Predicted { get; }

    private protected override TaskOutcomes JoinAll(IReadOnlyList<TaskOutcomes> parts) =>
        new TaggingOutcomes([.. parts.SelectMany(part => ((TaggingOutcomes)part).Truth)], [.. parts.SelectMany(part => ((TaggingOutcomes)part).Predicted)]);

    /// <summary>One kind.</summary>
    public SpanScore Of(string kind) => Score(Kinds.ToList().IndexOf(kind) is >= 0 and var k ? k : throw new ArgumentException($"there is no kind '{kind}'"));

    /// <summary>Each kind in the order of <see cref="Kinds"/>, as a class whose rows are its spans.</summary>
    internal IReadOnlyList<ClassScore> PerKind() => [.. Kinds.Select(Of).Select(score => new ClassScore(score.Precision, score.Recall, score.F1, score.Spans, score.Found))];

    internal override double Measure(Metric metric, ReadOnlySpan<int> counts)
    {
        long wanted = 0, found = 0, right = 0, words = 0, hits = 0;
        for (var s = 0; s < Rows; s++)
        {
            var count = counts.Length == 0 ? 1 : counts[s];
            (words, hits) = (words + count * _words[s], hits + count * _hits[s]);
            for (var at = s * Kinds.Count; at < (s + 1) * Kinds.Count; at++) (wanted, found, right) = (wanted + count * _true[at], found + count * _found[at], right + count * _right[at]);
        }
        return metric switch
        {
            Metric.SpanF1 => wanted + found == 0 ? 0 : 2.0 * right / (wanted + found),
            Metric.SpanPrecision => found == 0 ? 0 : (double)right / found,
            Metric.SpanRecall => wanted == 0 ? 0 : (double)right / wanted,
            Metric.Accuracy => (double)hits / words,
            _ => throw NotFor(metric, "spans of words"),
        };
    }

    internal override bool SameTruth(TaskOutcomes other) => other is TaggingOutcomes same && same.Rows == Rows && Truth.Zip(same.Truth).All(pair => pair.First.SequenceEqual(pair.Second));

    private SpanScore Score(int? kind)
    {
        int wanted = 0, found = 0, right = 0;
        for (var at = 0; at < _true.Length; at++)
            if (kind is null || at % Kinds.Count == kind) (wanted, found, right) = (wanted + _true[at], found + _found[at], right + _right[at]);
        return new SpanScore(found == 0 ? 0 : (double)right / found, wanted == 0 ? 0 : (double)right / wanted, wanted + found == 0 ? 0 : 2.0 * right / (wanted + found), wanted, found);
    }

    private int Place(int sentence, WordSpan span) => sentence * Kinds.Count + Kinds.ToList().IndexOf(span.Kind);
}
