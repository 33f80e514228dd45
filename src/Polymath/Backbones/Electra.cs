using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// ELECTRA (Clark et al. 2020): BERT whose embeddings may be narrower than the network and are then projected up.
/// Names follow transformers' models/electra/modeling_electra.py.
/// </summary>
internal sealed class Electra : Encoder
{
    public const string Prefix = "electra.";

    private readonly Tensor _words, _positions, _types;
    private readonly LayerNorm _norm;
    private readonly Linear? _project;

    public Electra(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        const string embeddings = "electra.embeddings";
        _words = weights.Get($"{embeddings}.word_embeddings.weight", config.VocabularySize, config.EmbeddingWidth);
        _positions = weights.Get($"{embeddings}.position_embeddings.weight", config.MaxPositions, config.EmbeddingWidth);
        _types = weights.Get($"{embeddings}.token_type_embeddings.weight", config.TypeVocabulary, config.EmbeddingWidth);
        _norm = weights.Norm($"{embeddings}.LayerNorm", config.EmbeddingWidth, config.LayerNormEpsilon);
        _project = config.EmbeddingWidth == config.Width ? null : weights.Linear("electra.embeddings_project", config.EmbeddingWidth, config.Width);
        Blocks = MakeBlocks(config, weights, i => BlockNames.Bert($"electra.encoder.layer.{i}"));
        Head = !withHead ? null : config.Head switch
        {
            HeadKind.MaskedLanguageModel => LanguageModelHead(config, weights, "generator_predictions.dense", "generator_predictions.LayerNorm",
                _words, "generator_lm_head", "generator_lm_head.bias", Activation.Gelu, config.EmbeddingWidth),
            HeadKind.SequenceClassification => FirstTokenHead(config, weights, "classifier.dense", "classifier.out_proj", Activation.Gelu),
            HeadKind.TokenClassification => TokenHead(config, weights),
            _ => null,
        };
    }

    protected override IReadOnlyList<EncoderBlock> Blocks { get; }

    protected override Tensor Embed(PackedBatch batch)
    {
        var x = _words.Rows(batch.Ids); // [T, E]
        x = x + _types.Rows(batch.TypeIds) + _positions.Rows(batch.Positions);
        x = _norm.Forward(x);
        return _project is null ? x : _project.Forward(x); // [T, H]
    }
}
