using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// BERT (Devlin et al. 2019): word, position and type embeddings, post-norm blocks; pooler = tanh(dense(first token)).
/// Names follow transformers' models/bert/modeling_bert.py.
/// </summary>
internal sealed class Bert : Encoder
{
    public const string Prefix = "bert.";

    private readonly Tensor _words, _positions, _types;
    private readonly LayerNorm _norm;

    public Bert(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        const string embeddings = "bert.embeddings";
        _words = weights.Get($"{embeddings}.word_embeddings.weight", config.VocabularySize, config.Width);
        _positions = weights.Get($"{embeddings}.position_embeddings.weight", config.MaxPositions, config.Width);
        _types = weights.Get($"{embeddings}.token_type_embeddings.weight", config.TypeVocabulary, config.Width);
        _norm = weights.Norm($"{embeddings}.LayerNorm", config.Width, config.LayerNormEpsilon);
        Blocks = MakeBlocks(config, weights, i => BlockNames.Bert($"bert.encoder.layer.{i}"));
        Head = !withHead ? null : config.Head switch
        {
            HeadKind.MaskedLanguageModel => LanguageModelHead(config, weights, "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                _words, "cls.predictions.decoder", "cls.predictions.bias", config.FeedForwardActivation, config.Width),
            HeadKind.SequenceClassification => FirstTokenHead(config, weights, "bert.pooler.dense", "classifier", Activation.Tanh),
            HeadKind.TokenClassification => TokenHead(config, weights),
            _ => null,
        };
    }

    protected override IReadOnlyList<EncoderBlock> Blocks { get; }

    protected override Tensor Embed(PackedBatch batch)
    {
        var x = _words.Rows(batch.Ids); // [T, H]
        x = x + _types.Rows(batch.TypeIds) + _positions.Rows(batch.Positions);
        return _norm.Forward(x);
    }
}
