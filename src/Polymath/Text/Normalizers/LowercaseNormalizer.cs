using Polymath.Text.Unicode;

namespace Polymath.Text.Normalizers;

/// <summary>Lower case, each character on its own (so no final sigma).</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    internal override AlignedText Apply(AlignedText text) => Lower(text);

    internal static AlignedText Lower(AlignedText text)
    {
        if (!text.Chars.ContainsAnyExceptInRange('\0', '\x7F'))
        {
            for (var i = 0; i < text.Length; i++) text[i] = (char)CodePointMap.ToLower(text[i]);
            return text;
        }
        var lower = new AlignedText(text.Length + 4);
        for (var i = 0; i < text.Length;)
        {
            var c = text.CodePointAt(i);
            var (start, end) = (text.StartOf(i), text.EndOf(i));
            if (c == 'İ')
            {
                // The one character whose lower case is two: a dotted i.
                lower.Add('i', start, end);
                lower.Add('\u0307', start, end);
            }
            else
            {
                lower.Add(CodePointMap.ToLower(c), start, end);
            }
            i += AlignedText.Width(c);
        }
        return lower;
    }
}
