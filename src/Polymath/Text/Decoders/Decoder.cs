namespace Polymath.Text.Decoders;

/// <summary>Turns tokens back into text. Each step maps a list of strings to another; at the end they are joined.</summary>
internal abstract class Decoder
{
    internal abstract List<string> Apply(List<string> tokens);
}

/// <summary>Several decoders, one after the other.</summary>
internal sealed class DecoderSequence(IReadOnlyList<Decoder> parts) : Decoder
{
    internal override List<string> Apply(List<string> tokens)
    {
        foreach (var part in parts) tokens = part.Apply(tokens);
        return tokens;
    }
}

/// <summary>Joins everything into one string, so that the next step sees the whole.</summary>
internal sealed class FuseDecoder : Decoder
{
    internal override List<string> Apply(List<string> tokens) => [string.Concat(tokens)];
}
