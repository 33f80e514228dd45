using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Polymath.Features;

/// <summary>How text becomes TF-IDF features.</summary>
public sealed record TfidfOptions
{
    /// <summary>The longest sequence of words that is a term of its own: 2 takes words and pairs of neighbours.</summary>
    public int MaxWords { get; init; } = 2;

    /// <summary>Terms that occur in fewer training texts are left out.</summary>
    public int MinTexts { get; init; } = 1;

    /// <summary>Count a term as 1 + ln(count) instead of its count.</summary>
    public bool Sublinear { get; init; } = true;
}

/// <summary>
/// Term frequency × inverse document frequency, rows of length one, with the smooth weights of scikit-learn's TfidfVectorizer:
/// idf = ln((1 + texts) / (1 + texts with the term)) + 1. Words are runs of letters, digits and marks in lower case;
/// scripts written without spaces give one word a character.
/// </summary>
public sealed class Tfidf
{
    private readonly Dictionary<string, int> _index;

    /// <summary>Restores a fitted instance.</summary>
    /// <param name="terms">The vocabulary in column order.</param>
    /// <param name="idf">A weight for each term.</param>
    /// <param name="options">The options it was fitted with.</param>
    /// <exception cref="PolymathException">Terms and weights differ in number, or a term occurs twice.</exception>
    public Tfidf(IReadOnlyList<string> terms, float[] idf, TfidfOptions options)
    {
        if (terms.Count != idf.Length) throw new PolymathException($"TF-IDF: {idf.Length} weights for {terms.Count} terms, expected one each");
        (Terms, Idf, Options) = (terms, idf, options);
        _index = new Dictionary<string, int>(terms.Count, StringComparer.Ordinal);
        for (var j = 0; j < terms.Count; j++)
            if (!_index.TryAdd(terms[j], j)) throw new PolymathException($"TF-IDF: the term '{terms[j]}' occurs twice in the vocabulary");
    }

    /// <summary>The vocabulary in column order (ordinal order after a fit).</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>The inverse document frequency of each term.</summary>
    public float[] Idf { get; }

    /// <summary>The options it was fitted with.</summary>
    public TfidfOptions Options { get; }

    /// <summary>Collects the vocabulary of the texts and its weights.</summary>
    public static Tfidf Fit(IReadOnlyList<string> texts, TfidfOptions? options = null)
    {
        options ??= new TfidfOptions();
        var seen = new Dictionary<string, (int Texts, int Last)>(StringComparer.Ordinal);
        for (var i = 0; i < texts.Count; i++)
            foreach (var term in TermsOf(texts[i], options.MaxWords))
            {
                ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, term, out var known);
                if (!known || entry.Last != i) entry = (entry.Texts + 1, i);
            }
        var kept = seen.Where(pair => pair.Value.Texts >= options.MinTexts).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray();
        return new Tfidf([.. kept.Select(pair => pair.Key)], [.. kept.Select(pair => (float)(Math.Log((1.0 + texts.Count) / (1.0 + pair.Value.Texts)) + 1))], options);
    }

    /// <summary>The texts' features, [texts, terms]; unknown terms are left out, and a text without known terms is an empty row.</summary>
    public SparseRows Transform(IReadOnlyList<string> texts)
    {
        var starts = new int[texts.Count + 1];
        var columns = new List<int>();
        var values = new List<float>();
        var counts = new SortedDictionary<int, int>();
        for (var i = 0; i < texts.Count; i++)
        {
            counts.Clear();
            foreach (var term in TermsOf(texts[i], Options.MaxWords))
                if (_index.TryGetValue(term, out var column)) counts[column] = counts.GetValueOrDefault(column) + 1;
            double squares = 0;
            foreach (var (column, count) in counts) squares += Math.Pow(Weight(column, count), 2);
            foreach (var (column, count) in counts)
            {
                columns.Add(column);
                values.Add((float)(Weight(column, count) / Math.Sqrt(squares)));
            }
            starts[i + 1] = columns.Count;
        }
        return new SparseRows(starts, [.. columns], [.. values], Terms.Count);

        double Weight(int column, int count) => (Options.Sublinear ? 1 + Math.Log(count) : count) * Idf[column];
    }

    private static IEnumerable<string> TermsOf(string text, int maxWords)
    {
        var words = Words(text);
        for (var start = 0; start < words.Count; start++)
        {
            yield return words[start];
            for (var length = 2; length <= maxWords && start + length <= words.Count; length++)
                yield return string.Join(' ', words.GetRange(start, length));
        }
    }

    /// <summary>The words of a text, in lower case.</summary>
    internal static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var alone = IsWrittenWithoutSpaces(rune.Value);
            var inside = Rune.IsLetterOrDigit(rune) || rune.Value == '_'
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
            if ((!inside || alone) && word.Length > 0) { words.Add(word.ToString()); word.Clear(); }
            if (alone && inside) words.Add(rune.ToString());
            else if (inside) word.Append(Rune.ToLowerInvariant(rune).ToString());
        }
        if (word.Length > 0) words.Add(word.ToString());
        return words;
    }

    // Thai, Lao, Khmer, Burmese; kana, Han and their extensions.
    private static bool IsWrittenWithoutSpaces(int rune) =>
        rune is (>= 0x0E00 and <= 0x0EFF) or (>= 0x1000 and <= 0x109F) or (>= 0x1780 and <= 0x17FF)
            or (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);
}
