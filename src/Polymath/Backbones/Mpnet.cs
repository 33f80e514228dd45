using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// MPNet (Song et al. 2020): RoBERTa's shape with one relative-position bias that all blocks share, in T5's bidirectional buckets.
/// Names follow transformers' models/mpnet/modeling_mpnet.py.
/// </summary>
internal sealed class Mpnet : Encoder
{
    public const string Prefix = "mpnet.";

    private const int FirstPosition = 2; // the family's padding index, 1, plus one

    private readonly Tensor _words, _positions, _relative;
    private readonly LayerNorm _norm;

    public Mpnet(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        const string embeddings = "mpnet.embeddings";
        _words = weights.Get($"{embeddings}.word_embeddings.weight", config.VocabularySize, config.Width);
        _positions = weights.Get($"{embeddings}.position_embeddings.weight", config.MaxPositions, config.Width);
        _norm = weights.Norm($"{embeddings}.LayerNorm", config.Width, config.LayerNormEpsilon);
        _relative = weights.Get("mpnet.encoder.relative_attention_bias.weight", config.RelativeBuckets, config.Heads);
        Blocks = MakeBlocks(config, weights, i => Names($"mpnet.encoder.layer.{i}"));
        Head = !withHead ? null : config.Head switch
        {
            HeadKind.MaskedLanguageModel => LanguageModelHead(config, weights, "lm_head.dense", "lm_head.layer_norm",
                _words, "lm_head.decoder", "lm_head.bias", Activation.Gelu, config.Width),
            HeadKind.SequenceClassification => FirstTokenHead(config, weights, "classifier.dense", "classifier.out_proj", Activation.Tanh),
            HeadKind.TokenClassification => TokenHead(config, weights),
            _ => null,
        };
    }

    public override int MaxTokens => Config.MaxPositions - FirstPosition;

    protected override IReadOnlyList<EncoderBlock> Blocks { get; }

    protected override Tensor[] AttentionBiases(PackedBatch batch) => [.. batch.Groups.Select(group => RelativeBias(group.Length))];

    /// <summary>[1, heads, length, length].</summary>
    private Tensor RelativeBias(int length)
    {
        using var buckets = tensor(RelativePosition.Buckets(length, Config.RelativeBuckets)); // [length · length]
        return _relative.index_select(0, buckets).view(length, length, Config.Heads).permute(2, 0, 1).unsqueeze(0);
    }

    protected override Tensor Embed(PackedBatch batch) =>
        _norm.Forward(_words.Rows(batch.Ids) + _positions.Rows(batch.Positions + FirstPosition)); // [T, H]

    private static BlockNames Names(string block) => new(
        $"{block}.attention.attn.q", $"{block}.attention.attn.k", $"{block}.attention.attn.v", $"{block}.attention.attn.o",
        $"{block}.attention.LayerNorm", $"{block}.intermediate.dense", $"{block}.output.dense", $"{block}.output.LayerNorm");
}
