using Polymath.Text.Unicode;

namespace Polymath.Text.PreTokenizers;

/// <summary>
/// The words of GPT-2's expression <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, found by hand:
/// an English contraction; letters, numerals or other signs with at most one space before them; white space, whose last
/// character is left to the next word where one follows.
/// </summary>
internal static class Gpt2Words
{
    private const CodePointClass Kinds = CodePointClass.Letter | CodePointClass.RegexNumber | CodePointClass.WhiteSpace;

    /// <summary>Length in UTF-16 units of the word at <paramref name="at"/>.</summary>
    internal static int Next(ReadOnlySpan<char> text, int at)
    {
        if (text[at] == '\'' && Contraction(text[(at + 1)..]) is > 0 and var length) return length;
        var kind = Kind(text, at, out var width);
        var i = at;
        if (text[at] == ' ' && at + 1 < text.Length && Kind(text, at + 1, out var nextWidth) is var next && next != CodePointClass.WhiteSpace)
            (kind, width, i) = (next, nextWidth, at + 1);
        do i += width; while (i < text.Length && Kind(text, i, out width) == kind);
        // White space is one unit a character; before a word it gives up its last one, unless that is all it has.
        return kind == CodePointClass.WhiteSpace && i < text.Length && i - at > 1 ? i - at - 1 : i - at;
    }

    private static CodePointClass Kind(ReadOnlySpan<char> text, int at, out int width)
    {
        var c = AlignedText.CodePointAt(text, at);
        width = AlignedText.Width(c);
        return CodePointSet.Of(c) & Kinds;
    }

    private static int Contraction(ReadOnlySpan<char> rest)
    {
        if (rest.Length == 0) return 0;
        if (rest[0] is 's' or 't' or 'm' or 'd') return 2;
        return rest.Length > 1 && (rest[0], rest[1]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
