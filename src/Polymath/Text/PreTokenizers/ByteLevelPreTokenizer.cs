using System.Text;

namespace Polymath.Text.PreTokenizers;

/// <summary>GPT-2's first step: an optional leading space, words by GPT-2's rule, then every UTF-8 byte as a letter of its own.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    internal override Pieces Apply(Pieces pieces)
    {
        var source = pieces.Text;
        var text = new AlignedText(source.Length + source.Length / 8 + 8);
        var spans = new List<TextSpan>(useRegex ? source.Length / 4 + 4 : pieces.Spans.Count);
        foreach (var piece in pieces.Spans)
        {
            var (work, start, end) = (source, piece.Start, piece.End);
            if (addPrefixSpace && source[start] != ' ')
            {
                work = new AlignedText(piece.Length + 1);
                work.Add(' ', source.StartOf(start), source.EndOf(start));
                work.Add(source, start, end);
                (start, end) = (0, work.Length);
            }
            var chars = work.Slice(start, end);
            for (var i = 0; i < chars.Length;)
            {
                var length = useRegex ? Gpt2Words.Next(chars, i) : chars.Length;
                var from = text.Length;
                Spell(work, start + i, start + i + length, text);
                spans.Add(new TextSpan(from, text.Length));
                i += length;
            }
        }
        return new Pieces(text, spans);
    }

    private static void Spell(AlignedText source, int start, int end, AlignedText text)
    {
        Span<byte> bytes = stackalloc byte[4];
        for (var i = start; i < end;)
        {
            var c = source.CodePointAt(i);
            if (c < 0x80)
            {
                text.Add(ByteLevelAlphabet.Letter((byte)c), source.StartOf(i), source.EndOf(i));
                i++;
                continue;
            }
            var count = new Rune(c).EncodeToUtf8(bytes);
            for (var k = 0; k < count; k++) text.Add(ByteLevelAlphabet.Letter(bytes[k]), source.StartOf(i), source.EndOf(i));
            i += AlignedText.Width(c);
        }
    }
}
