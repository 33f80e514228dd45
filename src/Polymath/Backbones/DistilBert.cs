using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// DistilBERT (Sanh et al. 2019): BERT's blocks under other names, without token types and without a pooler.
/// Names follow transformers' models/distilbert/modeling_distilbert.py.
/// </summary>
internal sealed class DistilBert : Encoder
{
    public const string Prefix = "distilbert.";

    private readonly Tensor _words, _positions;
    private readonly LayerNorm _norm;

    public DistilBert(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        const string embeddings = "distilbert.embeddings";
        _words = weights.Get($"{embeddings}.word_embeddings.weight", config.VocabularySize, config.Width);
        _positions = weights.Get($"{embeddings}.position_embeddings.weight", config.MaxPositions, config.Width);
        _norm = weights.Norm($"{embeddings}.LayerNorm", config.Width, config.LayerNormEpsilon);
        Blocks = MakeBlocks(config, weights, i => Names($"distilbert.transformer.layer.{i}"));
        Head = !withHead ? null : config.Head switch
        {
            HeadKind.MaskedLanguageModel => LanguageModelHead(config, weights, "vocab_transform", "vocab_layer_norm",
                _words, "vocab_projector", "vocab_projector.bias", config.FeedForwardActivation, config.Width),
            HeadKind.SequenceClassification => FirstTokenHead(config, weights, "pre_classifier", "classifier", Activation.Relu),
            HeadKind.TokenClassification => TokenHead(config, weights),
            _ => null,
        };
    }

    protected override IReadOnlyList<EncoderBlock> Blocks { get; }

    protected override Tensor Embed(PackedBatch batch) =>
        _norm.Forward(_words.Rows(batch.Ids) + _positions.Rows(batch.Positions)); // [T, H]

    private static BlockNames Names(string block) => new(
        $"{block}.attention.q_lin", $"{block}.attention.k_lin", $"{block}.attention.v_lin", $"{block}.attention.out_lin",
        $"{block}.sa_layer_norm", $"{block}.ffn.lin1", $"{block}.ffn.lin2", $"{block}.output_layer_norm");
}
