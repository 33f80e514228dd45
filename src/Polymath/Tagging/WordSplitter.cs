using System.Globalization;
using System.Text;
using Polymath.Text;

namespace Polymath.Tagging;

/// <summary>
/// Cuts a raw text into words by one rule for all languages: a run of letters, digits, combining marks and underscores is a word; a single
/// <c>' ’ - . , : / @ + &amp;</c> between two of these belongs to it (<c>don't</c>, <c>3.5</c>, <c>config.json</c>, <c>and/or</c>); every other
/// character that is no space is a word by itself.
/// </summary>
public static class WordSplitter
{
    private const string Joiners = "'’-.,:/@+&";

    /// <summary>Where the words lie, in UTF-16 positions.</summary>
    public static TextSpan[] Split(string text)
    {
        var words = new List<TextSpan>();
        for (var at = 0; at < text.Length;)
        {
            var rune = RuneAt(text, at, out var length);
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                at += length;
                continue;
            }
            var end = at + length;
            if (IsInside(rune))
                while (Continues(text, end, out var next)) end = next;
            else // marks and joiners (U+200D, variation selectors) stay with the sign that they change
                while (end < text.Length && RuneAt(text, end, out length) is var mark && (IsMark(mark) || Rune.GetUnicodeCategory(mark) == UnicodeCategory.Format)) end += length;
            words.Add(new TextSpan(at, end));
            at = end;
        }
        return [.. words];
    }

    private static bool Continues(string text, int at, out int next)
    {
        next = at;
        if (at >= text.Length) return false;
        var rune = RuneAt(text, at, out var length);
        next = at + length;
        if (IsInside(rune)) return true;
        if (length != 1 || !Joiners.Contains(text[at], StringComparison.Ordinal) || next >= text.Length || !IsInside(RuneAt(text, next, out length))) return false;
        next += length;
        return true;
    }

    private static bool IsInside(Rune rune) => Rune.IsLetterOrDigit(rune) || rune.Value == '_' || IsMark(rune);

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static Rune RuneAt(string text, int at, out int length)
    {
        if (Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out length) != System.Buffers.OperationStatus.Done) (rune, length) = (Rune.ReplacementChar, 1);
        return rune;
    }
}
