using Polymath.Text.PreTokenizers;
using Polymath.Text.Unicode;

namespace Polymath.Text.PostProcessors;

/// <summary>
/// Byte-level tokens carry the space before a word; this takes it out of their offsets. A token of spaces only becomes an empty range
/// at its end. With <paramref name="addPrefixSpace"/> one space at the very start is one that was never in the text.
/// </summary>
internal sealed class TrimOffsets(bool addPrefixSpace) : PostProcessor
{
    internal override List<Encoding[]> Apply(Tokenizer tokenizer, List<Encoding[]> parts, bool addSpecialTokens) =>
        [.. parts.Select(variants => variants.Select(Trim).ToArray())];

    private Encoding Trim(Encoding encoding)
    {
        var offsets = (TextSpan[])encoding.Offsets.Clone();
        for (var i = 0; i < offsets.Length; i++)
        {
            var token = encoding.TokenText(i);
            var (leading, trailing) = (0, 0);
            while (leading < token.Length && IsSpace(token[leading])) leading++;
            while (trailing < token.Length && IsSpace(token[token.Length - 1 - trailing])) trailing++;
            if (leading + trailing == 0) continue;
            var (start, end) = offsets[i];
            if (leading > 0)
            {
                if (addPrefixSpace && (i == 0 || start == 0)) leading--;
                start = Math.Min(start + leading, end);
            }
            if (trailing > 0 && end >= trailing) end = Math.Max(end - trailing, start);
            offsets[i] = new TextSpan(start, end);
        }
        return encoding.WithOffsets(offsets);
    }

    private static bool IsSpace(char c) => c == ByteLevelAlphabet.Space || CodePointSet.Has(c, CodePointClass.WhiteSpace);
}
