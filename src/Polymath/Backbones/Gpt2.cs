using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// GPT-2 (Radford et al. 2019): learned positions, pre-norm blocks, tanh-approximated GELU, weights stored as [inputs, outputs], output tied to the embeddings.
/// Names follow transformers' models/gpt2/modeling_gpt2.py.
/// </summary>
internal sealed class Gpt2 : Decoder
{
    public const string Prefix = "transformer.";

    private readonly Tensor _words, _positions;
    private readonly LayerNorm _norm;

    public Gpt2(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        if (config.File.BoolOr(false, "scale_attn_by_inverse_layer_idx") || !config.File.BoolOr(true, "scale_attn_weights"))
            throw new PolymathException($"{config.Source}: scale_attn_by_inverse_layer_idx and an unscaled attention are not supported");
        _words = weights.Get("transformer.wte.weight", config.VocabularySize, config.Width);
        _positions = weights.Get("transformer.wpe.weight", config.MaxPositions, config.Width);
        Blocks = [.. Enumerable.Range(0, config.Layers).Select(i => Block(config, weights, $"transformer.h.{i}"))];
        _norm = weights.Norm("transformer.ln_f", config.Width, config.LayerNormEpsilon);
        Head = OwnHead(withHead, weights, "lm_head", _words);
    }

    protected override IReadOnlyList<DecoderBlock> Blocks { get; }

    protected override Tensor Embed(Tensor ids, Tensor positions) => _words.Rows(ids) + _positions.Rows(positions); // [T, H]

    protected override Tensor Finish(Tensor x) => _norm.Forward(x);

    private static DecoderBlock Block(NetworkConfig config, Weights weights, string block)
    {
        var width = config.Width;
        var attentionNorm = weights.Norm($"{block}.ln_1", width, config.LayerNormEpsilon);
        var norm = weights.Norm($"{block}.ln_2", width, config.LayerNormEpsilon);
        var grow = weights.Transposed($"{block}.mlp.c_fc", width, config.Intermediate);
        var shrink = weights.Transposed($"{block}.mlp.c_proj", config.Intermediate, width);
        return new DecoderBlock(attentionNorm, weights.Transposed($"{block}.attn.c_attn", width, 3 * width), weights.Transposed($"{block}.attn.c_proj", width, width),
            norm, new FeedForward(grow, config.FeedForwardActivation, shrink), config.Heads, config.Heads, width / config.Heads);
    }
}
