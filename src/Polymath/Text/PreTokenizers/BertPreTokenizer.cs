using Polymath.Text.Unicode;

namespace Polymath.Text.PreTokenizers;

/// <summary>BERT's words: white space separates and goes, every punctuation sign stands alone.</summary>
internal sealed class BertPreTokenizer : PreTokenizer
{
    internal override Pieces Apply(Pieces pieces)
    {
        var output = new List<TextSpan>(pieces.Text.Length / 4 + 4);
        foreach (var piece in pieces.Spans)
        {
            var start = piece.Start;
            for (var i = piece.Start; i < piece.End;)
            {
                var c = pieces.Text.CodePointAt(i);
                var next = i + AlignedText.Width(c);
                var kind = CodePointSet.Of(c) & (CodePointClass.WhiteSpace | CodePointClass.Punctuation);
                if (kind != 0)
                {
                    if (start < i) output.Add(new TextSpan(start, i));
                    if ((kind & CodePointClass.WhiteSpace) == 0) output.Add(new TextSpan(i, next));
                    start = next;
                }
                i = next;
            }
            if (start < piece.End) output.Add(new TextSpan(start, piece.End));
        }
        return pieces with { Spans = output };
    }
}
