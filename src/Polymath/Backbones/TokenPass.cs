using Polymath.Backbones.Attention;
using Polymath.Training;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>One pass of a decoder: which tokens, where they stand, and what they look at.</summary>
/// <param name="Ids">Token ids, int64 [T].</param>
/// <param name="Positions">Their positions, int64 [T].</param>
/// <param name="Attention">Which earlier tokens each one sees.</param>
internal sealed record TokenPass(Tensor Ids, Tensor Positions, AttentionPlan Attention)
{
    /// <summary>What a decoder of an encoder-decoder reads; null for a decoder alone.</summary>
    public SourceStates? Source { get; init; }

    /// <summary>How many of the tokens belong to each row of the source.</summary>
    public int[] SourceCounts { get; init; } = [];

    /// <summary>In training; null for none.</summary>
    public Dropout? Dropout { get; init; }
}

/// <summary>The part of a network that predicts the next token: a decoder, or that of an encoder-decoder.</summary>
internal interface ITokenDecoder
{
    /// <summary>The number of its blocks.</summary>
    int DecoderDepth { get; }

    /// <summary>Hidden states of the wanted layers of a pass, [T, H]; the last one is ready for <see cref="Logits"/>.</summary>
    Tensor?[] DecoderStates(TokenPass pass, Func<int, bool> wanted);

    /// <summary>Scores of the vocabulary, [T, V].</summary>
    Tensor Logits(Tensor hidden);
}

/// <summary>Short forms.</summary>
internal static class TokenDecoders
{
    /// <summary>The last states of a pass, [T, H].</summary>
    public static Tensor Run(this ITokenDecoder decoder, TokenPass pass) => decoder.DecoderStates(pass, layer => layer == decoder.DecoderDepth)[^1]!;
}
