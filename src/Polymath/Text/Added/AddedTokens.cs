using System.Globalization;
using System.Text;
using Polymath.Text.Normalizers;
using Polymath.Text.Unicode;

namespace Polymath.Text.Added;

/// <summary>A stretch of text: an added token, or, where that is null, text for the model.</summary>
internal readonly record struct Segment(AddedToken? Token, int Start, int End);

/// <summary>The added tokens of a tokenizer and how they are found in text.</summary>
internal sealed class AddedTokens
{
    private readonly TokenTrie _original, _normalized;
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, AddedToken> _byContent = [];

    internal AddedTokens(IReadOnlyList<AddedToken> tokens, Normalizer? normalizer)
    {
        All = tokens;
        foreach (var token in tokens)
        {
            _byId[token.Id] = token;
            _byContent[token.Content] = token;
        }
        _original = new TokenTrie(tokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _normalized = new TokenTrie(tokens.Where(t => t.Normalized).Select(t => (Normalize(t.Content, normalizer), t)));
    }

    internal IReadOnlyList<AddedToken> All { get; }

    internal AddedToken? ById(int id) => _byId.GetValueOrDefault(id);

    internal AddedToken? ByContent(string content) => _byContent.GetValueOrDefault(content);

    /// <summary>Cuts the original text at the tokens that are looked for before normalization.</summary>
    internal List<Segment> SplitOriginal(ReadOnlySpan<char> text) => Split(text, _original);

    /// <summary>Cuts normalized text at the tokens that are looked for in it.</summary>
    internal List<Segment> SplitNormalized(ReadOnlySpan<char> text) => Split(text, _normalized);

    private static List<Segment> Split(ReadOnlySpan<char> text, TokenTrie trie)
    {
        var segments = new List<Segment>();
        var done = 0;
        for (var from = 0; !trie.IsEmpty && from < text.Length;)
        {
            var (token, start, end) = trie.Next(text, from);
            if (token is null) break;
            from = end;
            if (token.SingleWord && (TouchesWord(text, start, before: true) || TouchesWord(text, end, before: false))) continue;
            if (token.LeftStrip)
            {
                while (start > done && CodePointSet.Has(text[start - 1], CodePointClass.WhiteSpace)) start--;
            }
            if (token.RightStrip)
            {
                while (end < text.Length && CodePointSet.Has(text[end], CodePointClass.WhiteSpace)) end++;
            }
            // A token that itself begins with white space may lie inside what the one before it swallowed.
            start = Math.Max(start, done);
            if (done < start) segments.Add(new Segment(null, done, start));
            if (start < end) segments.Add(new Segment(token, start, end));
            done = Math.Max(done, end);
        }
        if (done < text.Length) segments.Add(new Segment(null, done, text.Length));
        return segments;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int at, bool before)
    {
        if (before ? at == 0 : at == text.Length) return false;
        var position = before ? at - 1 : at;
        if (before && char.IsLowSurrogate(text[position]) && position > 0) position--;
        var c = AlignedText.CodePointAt(text, position);
        return c is 0x200C or 0x200D || Rune.GetUnicodeCategory(new Rune(c)) is <= UnicodeCategory.OtherLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
    }

    private static string Normalize(string content, Normalizer? normalizer) =>
        normalizer is null ? content : normalizer.Apply(AlignedText.Of(content, 0, content.Length)).Chars.ToString();
}
