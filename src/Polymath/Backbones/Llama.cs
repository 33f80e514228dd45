using Polymath.Backbones.Attention;
using Polymath.Backbones.Layers;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// Llama (Touvron et al. 2023) and its kin: rotary positions, grouped-query attention, root-mean-square norms, gated SiLU. Mistral adds a sliding window,
/// Qwen2 biases on queries, keys and values. Names follow transformers' models/llama/modeling_llama.py.
/// </summary>
internal sealed class Llama : Decoder
{
    public const string Prefix = "model.";

    private readonly Tensor _words;
    private readonly RmsNorm _norm;

    public Llama(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        var file = config.File;
        var keyHeads = file.IntOr(config.Heads, 1, "num_key_value_heads");
        if (config.Heads % keyHeads != 0) throw new PolymathException($"{config.Source}: {config.Heads} attention heads cannot share {keyHeads} key heads evenly");
        var headWidth = file.IntOr(config.Width / config.Heads, 2, "head_dim");
        _words = weights.Get("model.embed_tokens.weight", config.VocabularySize, config.Width);
        Rotary = Rotary.FromConfig(file, headWidth, weights);
        Blocks = [.. Enumerable.Range(0, config.Layers).Select(i => Block(config, weights, $"model.layers.{i}", keyHeads, headWidth))];
        _norm = weights.RmsNorm("model.norm", config.Width, config.LayerNormEpsilon);
        Window = SlidingWindow(config);
        Head = OwnHead(withHead, weights, "lm_head", _words);
    }

    protected override IReadOnlyList<DecoderBlock> Blocks { get; }

    protected override Rotary Rotary { get; }

    protected override AttentionWindow? Window { get; }

    protected override Tensor Embed(Tensor ids, Tensor positions) => _words.Rows(ids); // [T, H]

    protected override Tensor Finish(Tensor x) => _norm.Forward(x);

    private static DecoderBlock Block(NetworkConfig config, Weights weights, string block, int keyHeads, int headWidth)
    {
        int width = config.Width, queries = config.Heads * headWidth, keys = keyHeads * headWidth;
        var biases = config.ModelType == "qwen2" || config.File.BoolOr(false, "attention_bias");
        var attention = weights.Linear([($"{block}.self_attn.q_proj", queries), ($"{block}.self_attn.k_proj", keys), ($"{block}.self_attn.v_proj", keys)], width, biases);
        var output = weights.Linear($"{block}.self_attn.o_proj", queries, width, bias: config.File.BoolOr(false, "attention_bias"));
        var attentionNorm = weights.RmsNorm($"{block}.input_layernorm", width, config.LayerNormEpsilon);
        var norm = weights.RmsNorm($"{block}.post_attention_layernorm", width, config.LayerNormEpsilon);
        var mlpBias = config.File.BoolOr(false, "mlp_bias");
        var feedForward = new GatedFeedForward(weights.Linear([$"{block}.mlp.gate_proj", $"{block}.mlp.up_proj"], width, config.Intermediate, mlpBias),
            config.FeedForwardActivation, weights.Linear($"{block}.mlp.down_proj", config.Intermediate, width, mlpBias));
        return new DecoderBlock(attentionNorm, attention, output, norm, feedForward, config.Heads, keyHeads, headWidth);
    }

    /// <summary>Mistral's window counts the token itself; Qwen2 has one only where it is switched on, and then for its upper layers alone.</summary>
    private static AttentionWindow? SlidingWindow(NetworkConfig config)
    {
        var window = Read(config);
        config.File.CheckLayerTypes([.. Enumerable.Repeat(window is null ? "full_attention" : "sliding_attention", config.Layers)]);
        return window;
    }

    private static AttentionWindow? Read(NetworkConfig config)
    {
        if (!config.File.Has("sliding_window") || config.ModelType == "llama") return null;
        if (config.ModelType == "qwen2")
            return !config.File.BoolOr(false, "use_sliding_window") || config.File.IntOr(0, 0, "max_window_layers") >= config.Layers ? null
                : throw new PolymathException($"{config.Source}: a Qwen2 whose upper layers have a sliding window is not supported");
        return new AttentionWindow(config.File.Int(1, "sliding_window") - 1, 0);
    }
}
