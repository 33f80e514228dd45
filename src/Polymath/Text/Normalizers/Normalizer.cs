namespace Polymath.Text.Normalizers;

/// <summary>Rewrites text before it is split, keeping the alignment with the original.</summary>
internal abstract class Normalizer
{
    /// <summary>The rewritten text; may be the same object, changed in place.</summary>
    internal abstract AlignedText Apply(AlignedText text);
}

/// <summary>Several normalizers, one after the other.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> parts) : Normalizer
{
    internal override AlignedText Apply(AlignedText text)
    {
        foreach (var part in parts) text = part.Apply(text);
        return text;
    }
}
