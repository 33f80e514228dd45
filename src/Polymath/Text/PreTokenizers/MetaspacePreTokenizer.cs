using Polymath.Text.Normalizers;
using Polymath.Text.Patterns;

namespace Polymath.Text.PreTokenizers;

/// <summary>When sentencepiece's "▁" is put in front of a piece that has none.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}

/// <summary>sentencepiece's words: spaces become "▁", one is put in front, and every word starts at its "▁".</summary>
internal sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private static readonly LiteralPattern Space = new(" ");
    private readonly LiteralPattern _mark = new(replacement.ToString());

    internal override Pieces Apply(Pieces pieces)
    {
        var text = new AlignedText(pieces.Text.Length + pieces.Spans.Count);
        var spans = new List<TextSpan>(pieces.Spans.Count);
        foreach (var piece in pieces.Spans)
        {
            var work = new AlignedText(piece.Length);
            work.Add(pieces.Text, piece.Start, piece.End);
            work = ReplaceNormalizer.Replace(work, Space, replacement.ToString());
            var wanted = scheme == PrependScheme.Always || (scheme == PrependScheme.First && work.StartOf(0) == 0);
            if (wanted && work[0] != replacement) work = PrependNormalizer.Prepend(work, replacement.ToString());
            var whole = new TextSpan(text.Length, text.Length + work.Length);
            text.Add(work, 0, work.Length);
            if (split) Splitter.Split(whole, _mark.Find(work.Chars), SplitBehavior.MergedWithNext, invert: false, spans);
            else spans.Add(whole);
        }
        return new Pieces(text, spans);
    }
}
