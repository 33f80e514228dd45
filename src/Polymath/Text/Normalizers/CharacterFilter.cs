using System.Globalization;
using System.Text;
using Polymath.Text.Unicode;

namespace Polymath.Text.Normalizers;

/// <summary>Deletes characters; what stays keeps its alignment, so a token across a gap spans the gap.</summary>
internal static class CharacterFilter
{
    internal static AlignedText Remove(AlignedText text, Func<int, bool> unwanted)
    {
        var kept = new AlignedText(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var c = text.CodePointAt(i);
            if (!unwanted(c)) kept.Add(c, text.StartOf(i), text.EndOf(i));
            i += AlignedText.Width(c);
        }
        return kept;
    }
}

/// <summary>Deletes every combining mark; usually stands behind a decomposition.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    internal override AlignedText Apply(AlignedText text) => CharacterFilter.Remove(text, IsMark);

    private static bool IsMark(int c) => c >= 0x300 && Rune.GetUnicodeCategory(new Rune(c))
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}

/// <summary>Deletes white space at either end.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    internal override AlignedText Apply(AlignedText text)
    {
        var (start, end) = (0, text.Length);
        while (left && start < end && CodePointSet.Has(text[start], CodePointClass.WhiteSpace)) start++;
        while (right && end > start && CodePointSet.Has(text[end - 1], CodePointClass.WhiteSpace)) end--;
        if (end - start == text.Length) return text;
        var inner = new AlignedText(end - start);
        inner.Add(text, start, end);
        return inner;
    }
}
