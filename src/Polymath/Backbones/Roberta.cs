using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020), the same network: BERT's, with positions counted from the padding id + 1 and one
/// token type. Names follow transformers' models/roberta/modeling_roberta.py.
/// </summary>
internal sealed class Roberta : Encoder
{
    public const string Prefix = "roberta.";

    private readonly Tensor _words, _positions, _types;
    private readonly LayerNorm _norm;

    public Roberta(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        const string embeddings = "roberta.embeddings";
        if (MaxTokens < 1) throw new PolymathException($"{config.Source}: 'pad_token_id' {config.PadTokenId} leaves none of the {config.MaxPositions} positions, which are counted from it; expected a smaller one");
        _words = weights.Get($"{embeddings}.word_embeddings.weight", config.VocabularySize, config.Width);
        _positions = weights.Get($"{embeddings}.position_embeddings.weight", config.MaxPositions, config.Width);
        _types = weights.Get($"{embeddings}.token_type_embeddings.weight", config.TypeVocabulary, config.Width);
        _norm = weights.Norm($"{embeddings}.LayerNorm", config.Width, config.LayerNormEpsilon);
        Blocks = MakeBlocks(config, weights, i => BlockNames.Bert($"roberta.encoder.layer.{i}"));
        Head = !withHead ? null : config.Head switch
        {
            HeadKind.MaskedLanguageModel => LanguageModelHead(config, weights, "lm_head.dense", "lm_head.layer_norm",
                _words, "lm_head.decoder", "lm_head.bias", Activation.Gelu, config.Width),
            HeadKind.SequenceClassification => FirstTokenHead(config, weights, "classifier.dense", "classifier.out_proj", Activation.Tanh),
            HeadKind.TokenClassification => TokenHead(config, weights),
            _ => null,
        };
    }

    public override int MaxTokens => Config.MaxPositions - Config.PadTokenId - 1;

    protected override IReadOnlyList<EncoderBlock> Blocks { get; }

    protected override Tensor Embed(PackedBatch batch)
    {
        var x = _words.Rows(batch.Ids); // [T, H]
        x = x + _types.Rows(batch.TypeIds) + _positions.Rows(batch.Positions + (Config.PadTokenId + 1));
        return _norm.Forward(x);
    }
}
