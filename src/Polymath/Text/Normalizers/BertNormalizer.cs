using Polymath.Text.Unicode;

namespace Polymath.Text.Normalizers;

/// <summary>BERT's clean-up: controls out, white space to spaces, ideographs set apart, accents stripped, lower case; in this order.</summary>
internal sealed class BertNormalizer(bool cleanText, bool separateIdeographs, bool stripAccents, bool lowercase) : Normalizer
{
    internal override AlignedText Apply(AlignedText text)
    {
        if (cleanText) text = Clean(text);
        if (separateIdeographs) text = Separate(text);
        if (stripAccents) text = Strip(text);
        return lowercase ? LowercaseNormalizer.Lower(text) : text;
    }

    private static AlignedText Clean(AlignedText text)
    {
        var clean = new AlignedText(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var c = text.CodePointAt(i);
            var kind = CodePointSet.Of(c);
            if ((kind & CodePointClass.ToSpace) != 0) clean.Add(' ', text.StartOf(i), text.EndOf(i));
            else if ((kind & CodePointClass.Removed) == 0) clean.Add(c, text.StartOf(i), text.EndOf(i));
            i += AlignedText.Width(c);
        }
        return clean;
    }

    private static AlignedText Separate(AlignedText text)
    {
        // Nothing below U+3400 is an ideograph.
        if (!text.Chars.ContainsAnyInRange('\u3400', '\uFFFF')) return text;
        var apart = new AlignedText(text.Length + 16);
        for (var i = 0; i < text.Length;)
        {
            var c = text.CodePointAt(i);
            var (start, end) = (text.StartOf(i), text.EndOf(i));
            var ideograph = CodePointSet.Has(c, CodePointClass.Cjk);
            if (ideograph) apart.Add(' ', start, end);
            apart.Add(c, start, end);
            if (ideograph) apart.Add(' ', start, end);
            i += AlignedText.Width(c);
        }
        return apart;
    }

    private static AlignedText Strip(AlignedText text)
    {
        text = UnicodeNormalizer.Decompose(text, compatibility: false);
        if (!text.Chars.ContainsAnyInRange('\u0300', '\uFFFF')) return text;
        return CharacterFilter.Remove(text, c => CodePointSet.Has(c, CodePointClass.NonspacingMark));
    }
}
