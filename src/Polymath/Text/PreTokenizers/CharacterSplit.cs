using Polymath.Text.Unicode;

namespace Polymath.Text.PreTokenizers;

/// <summary>Splits at every character of a class: WhitespaceSplit, Digits and Punctuation are made of it.</summary>
internal sealed class CharacterSplit(CodePointClass delimiter, SplitBehavior behavior) : PreTokenizer
{
    internal override Pieces Apply(Pieces pieces)
    {
        var output = new List<TextSpan>(pieces.Spans.Count);
        var delimiters = new List<TextSpan>();
        foreach (var piece in pieces.Spans)
        {
            delimiters.Clear();
            for (var i = piece.Start; i < piece.End;)
            {
                var c = pieces.Text.CodePointAt(i);
                var width = AlignedText.Width(c);
                if (CodePointSet.Has(c, delimiter)) delimiters.Add(new TextSpan(i - piece.Start, i - piece.Start + width));
                i += width;
            }
            Splitter.Split(piece, delimiters, behavior, invert: false, output);
        }
        return pieces with { Spans = output };
    }
}

/// <summary>Splits where a pattern matches (Split), or keeps only what matches (Whitespace is that: words and runs of other signs).</summary>
internal sealed class PatternSplit(Patterns.TextPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    internal override Pieces Apply(Pieces pieces)
    {
        var output = new List<TextSpan>(pieces.Spans.Count);
        foreach (var piece in pieces.Spans)
            Splitter.Split(piece, pattern.Find(pieces.Text.Slice(piece.Start, piece.End)), behavior, invert, output);
        return pieces with { Spans = output };
    }
}
