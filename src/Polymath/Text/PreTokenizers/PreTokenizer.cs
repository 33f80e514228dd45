namespace Polymath.Text.PreTokenizers;

/// <summary>Text and the pieces of it that the model will see one by one; what lies between pieces is dropped.</summary>
internal readonly record struct Pieces(AlignedText Text, List<TextSpan> Spans);

/// <summary>Splits pieces into smaller ones; may rewrite the text (bytes as letters, spaces as "▁").</summary>
internal abstract class PreTokenizer
{
    internal abstract Pieces Apply(Pieces pieces);
}

/// <summary>Several pre-tokenizers, one after the other.</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    internal override Pieces Apply(Pieces pieces)
    {
        foreach (var part in parts) pieces = part.Apply(pieces);
        return pieces;
    }
}
