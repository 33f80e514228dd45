using Polymath.Backbones;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Tagging;

/// <summary>A span that was found.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Start">Where it starts in the sentence's text, in UTF-16 units.</param>
/// <param name="End">Where it ends, not included.</param>
/// <param name="Label">What it is.</param>
/// <param name="Score">The probability that exactly these words are one span of this kind.</param>
public sealed record FoundSpan(string Text, int Start, int End, string Label, double Score);

/// <summary>What a tagger says about one sentence.</summary>
/// <param name="Sentence">The sentence.</param>
/// <param name="Tags">A tag for each word; always a valid sequence.</param>
/// <param name="Spans">The spans that the tags stand for.</param>
public sealed record TaggedPrediction(TaggedSentence Sentence, IReadOnlyList<string> Tags, IReadOnlyList<FoundSpan> Spans);

/// <summary>
/// A tagging task that has been learned: a multinomial logistic regression over words, on a frozen backbone's vectors or on word features, and a
/// decoder that can only give valid BIO sequences. Safe to use from many threads.
/// </summary>
public sealed partial class Tagger
{
    private readonly IWordScorer _scorer;
    private readonly float[] _transitions;

    internal Tagger(TaskArtifact artifact, TagSet tags, IWordScorer scorer, float[] transitions) => (Artifact, Tags, _scorer, _transitions) = (artifact, tags, scorer, transitions);

    /// <summary>Everything that is saved.</summary>
    public TaskArtifact Artifact { get; }

    /// <summary>The task's name.</summary>
    public string Name => Artifact.Name;

    /// <summary>Its tags.</summary>
    public TagSet Tags { get; }

    /// <summary>Tags raw texts, lazily and in order; words are cut by <see cref="WordSplitter"/>.</summary>
    public IEnumerable<TaggedPrediction> Tag(IEnumerable<string> texts, CancellationToken cancellation = default) => Tag(texts.Select(TaggedSentence.FromText), cancellation);

    /// <summary>Tags sentences, lazily and in order.</summary>
    /// <param name="sentences">Sentences; their own tags are ignored.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public IEnumerable<TaggedPrediction> Tag(IEnumerable<TaggedSentence> sentences, CancellationToken cancellation = default)
    {
        foreach (var (window, logits) in _scorer.Score(sentences, cancellation))
        {
            var at = 0;
            foreach (var sentence in window)
            {
                var length = sentence.Words.Count * Tags.Count;
                yield return Decode(sentence, logits.AsSpan(at, length));
                at += length;
            }
        }
    }

    /// <summary>Measures the task on sentences with known tags; a kind that the task does not know counts as never found.</summary>
    public TaggingOutcomes Evaluate(IReadOnlyList<TaggedSentence> sentences, CancellationToken cancellation = default) =>
        new(TagModel.Truth(sentences), [.. Tag(sentences, cancellation).Select(prediction => prediction.Tags)]);

    /// <summary>Saves the task in a library as a new generation; the folder is made where there is none.</summary>
    /// <exception cref="PolymathException">The name is not valid, or the library cannot be written; nothing is changed then.</exception>
    public void Save(string library, Disk? disk = null)
    {
        using var opened = TaskLibrary.Open(library, disk);
        opened.Save(Artifact);
    }

    /// <summary>The same task with measurements and the files it was learned from written into its record.</summary>
    public Tagger WithRecord(IReadOnlyDictionary<string, double> metrics, IReadOnlyList<DataFileRecord> data) =>
        new(Artifact with { Metrics = metrics, Training = Artifact.Training! with { Data = data } }, Tags, _scorer, _transitions);

    private TaggedPrediction Decode(TaggedSentence sentence, ReadOnlySpan<float> logits)
    {
        var lattice = new TagLattice(logits, Tags.Count, _transitions);
        string[] tags = [.. lattice.Best().Select(id => Tags.Names[id])];
        FoundSpan[] spans = [.. WordSpan.Of(tags).Select(span =>
        {
            int start = sentence.Words[span.First].Start, end = sentence.Words[span.End - 1].End;
            _ = Tags.TryGetId($"B-{span.Kind}", out var begin);
            return new FoundSpan(sentence.Text[start..end], start, end, span.Kind, lattice.SpanProbability(span.First, span.End, begin));
        })];
        return new TaggedPrediction(sentence, tags, spans);
    }
}

/// <summary>Turns sentences into logits of their words.</summary>
internal interface IWordScorer
{
    /// <summary>Sentences in windows with the logits of their words, [words, tags].</summary>
    IEnumerable<(TaggedSentence[] Sentences, float[] Logits)> Score(IEnumerable<TaggedSentence> sentences, CancellationToken cancellation);
}

/// <summary>Words as a frozen backbone sees them.</summary>
internal sealed class VectorScorer(Backbone backbone, WordRecipe recipe, float[] weights, int tags) : IWordScorer
{
    /// <inheritdoc/>
    public IEnumerable<(TaggedSentence[] Sentences, float[] Logits)> Score(IEnumerable<TaggedSentence> sentences, CancellationToken cancellation) =>
        new WordVectors(backbone).Read(sentences, recipe, cancellation).Select(window => (window.Sentences, new DenseWords(window.Words).Scores(weights, tags)));
}

/// <summary>Words as their letters show them.</summary>
internal sealed class ShapeScorer(IReadOnlyList<string> terms, float[] weights, int tags) : IWordScorer
{
    private readonly Dictionary<string, int> _terms = terms.Select((term, at) => (term, at)).ToDictionary(pair => pair.term, pair => pair.at, StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerable<(TaggedSentence[] Sentences, float[] Logits)> Score(IEnumerable<TaggedSentence> sentences, CancellationToken cancellation)
    {
        foreach (var window in sentences.Chunk(1024))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return (window, new SparseWords(WordShapes.Rows(window, _terms)).Scores(weights, tags));
        }
    }
}
