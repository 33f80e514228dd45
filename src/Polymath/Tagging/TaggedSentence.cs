using Polymath.Text;

namespace Polymath.Tagging;

/// <summary>
/// A text, its words, and where it is known the tag of each word: <c>O</c> outside any span, <c>B-kind</c> for the first word of a span,
/// <c>I-kind</c> for its further words.
/// </summary>
/// <param name="Text">The text.</param>
/// <param name="Words">Where the words lie in it, in order.</param>
public sealed record TaggedSentence(string Text, IReadOnlyList<TextSpan> Words)
{
    /// <summary>A tag for each word, or null where they are not known.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The line of the file on which it starts, from 1; 0 where it comes from no file.</summary>
    public long Line { get; init; }

    /// <summary>How many tags were repaired in reading: an <c>I-</c> that continues no span of its kind became the <c>B-</c> of one.</summary>
    public int Repaired { get; init; }

    /// <summary>One word.</summary>
    public string Word(int word) => Text[Words[word].Start..Words[word].End];

    /// <summary>Words put together with a space between any two.</summary>
    public static TaggedSentence FromWords(IReadOnlyList<string> words, IReadOnlyList<string>? tags = null)
    {
        var spans = new TextSpan[words.Count];
        var at = 0;
        for (var w = 0; w < spans.Length; w++)
        {
            spans[w] = new TextSpan(at, at + words[w].Length);
            at += words[w].Length + 1;
        }
        return new TaggedSentence(string.Join(' ', words), spans) { Tags = tags };
    }

    /// <summary>The words of a raw text; see <see cref="WordSplitter"/>.</summary>
    public static TaggedSentence FromText(string text) => new(text, WordSplitter.Split(text));
}
