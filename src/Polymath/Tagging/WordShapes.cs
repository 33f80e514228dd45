using System.Globalization;
using System.Text;
using Polymath.Features;

namespace Polymath.Tagging;

/// <summary>
/// What a tagger without any pre-trained model looks at, as counted features: the word and its two neighbours on either side in lower case,
/// pairs of neighbouring words, endings and beginnings, the pattern of capitals, digits and signs.
/// </summary>
internal static class WordShapes
{
    /// <summary>All features of one word by name.</summary>
    public static IEnumerable<string> Of(TaggedSentence sentence, int word)
    {
        string Lower(int w) => w < 0 ? "<s>" : w >= sentence.Words.Count ? "</s>" : Plain(sentence.Word(w));
        string Pattern(int w) => w < 0 ? "<s>" : w >= sentence.Words.Count ? "</s>" : Shape(sentence.Word(w));
        var own = Lower(word);
        for (var d = -2; d <= 2; d++) yield return $"w{d}={Lower(word + d)}";
        yield return $"w-1,0={Lower(word - 1)} {own}";
        yield return $"w0,1={own} {Lower(word + 1)}";
        for (var length = 1; length <= 3 && length < own.Length; length++)
        {
            yield return $"p{length}={own[..length]}";
            yield return $"s{length}={own[^length..]}";
        }
        for (var d = -1; d <= 1; d++) yield return $"x{d}={Pattern(word + d)}";
    }

    /// <summary>The names that occur in sentences, in ordinal order.</summary>
    public static string[] Terms(IEnumerable<TaggedSentence> sentences) =>
        [.. sentences.SelectMany(sentence => Enumerable.Range(0, sentence.Words.Count).SelectMany(word => Of(sentence, word))).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The features of all words of sentences, one row a word; names that are not known are left out.</summary>
    public static SparseRows Rows(IReadOnlyList<TaggedSentence> sentences, IReadOnlyDictionary<string, int> terms)
    {
        var starts = new List<int> { 0 };
        var columns = new List<int>();
        foreach (var sentence in sentences)
            for (var w = 0; w < sentence.Words.Count; w++)
            {
                columns.AddRange(Of(sentence, w).Select(name => terms.GetValueOrDefault(name, -1)).Where(at => at >= 0).Distinct().Order());
                starts.Add(columns.Count);
            }
        var values = new float[columns.Count];
        Array.Fill(values, 1);
        return new SparseRows([.. starts], [.. columns], values, terms.Count);
    }

    /// <summary>Capitals X, other letters x, digits 9, anything else itself; runs of one kind at most two long: "Xx", "9.9", "XX9".</summary>
    private static string Shape(string word)
    {
        var shape = new StringBuilder();
        foreach (var rune in word.EnumerateRunes())
        {
            var kind = Rune.IsUpper(rune) ? "X" : Rune.IsLetter(rune) ? "x" : Rune.IsDigit(rune) ? "9" : Signs(rune);
            if (shape.Length < 2 || shape[^1] != kind[0] || shape[^2] != kind[0]) shape.Append(kind);
        }
        return shape.ToString();
    }

    private static string Signs(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? "?" : rune.ToString();

    /// <summary>Lower case; white space within a word becomes '_', so that a name is one line.</summary>
    private static string Plain(string word) => string.Concat(word.ToLowerInvariant().Select(c => char.IsWhiteSpace(c) || char.IsControl(c) ? '_' : c));
}
