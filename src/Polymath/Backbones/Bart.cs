using Polymath.Backbones.Attention;
using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// BART (Lewis et al. 2020): BERT's post-norm blocks in both halves, attention to the source between the decoder's parts, learned positions that start at 2,
/// a norm after the embeddings, output tied to them with a bias of its own. Names follow transformers' models/bart/modeling_bart.py.
/// </summary>
internal sealed class Bart : EncoderDecoder
{
    public const string Prefix = "model.";

    private const int FirstPosition = 2;
    private const double Epsilon = 1e-5; // PyTorch's default; config.json does not say

    private readonly Tensor _words, _encoderPositions, _decoderPositions;
    private readonly LayerNorm _encoderNorm, _decoderNorm;
    private readonly EncoderBlock[] _encoder;
    private readonly Block[] _decoder;
    private readonly Linear? _output;
    private readonly Tensor? _outputBias;
    private readonly double _scale;

    public Bart(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        var width = config.Width;
        _scale = config.File.BoolOr(false, "scale_embedding") ? Math.Sqrt(width) : 1;
        _words = weights.Get("model.shared.weight", config.VocabularySize, width);
        _encoderPositions = weights.Get("model.encoder.embed_positions.weight", config.MaxPositions + FirstPosition, width);
        _decoderPositions = weights.Get("model.decoder.embed_positions.weight", config.MaxPositions + FirstPosition, width);
        _encoderNorm = weights.Norm("model.encoder.layernorm_embedding", width, Epsilon);
        _decoderNorm = weights.Norm("model.decoder.layernorm_embedding", width, Epsilon);
        _encoder = [.. Enumerable.Range(0, config.Layers).Select(i => Encoding(config, weights, $"model.encoder.layers.{i}"))];
        _decoder = [.. Enumerable.Range(0, config.File.IntOr(config.Layers, 1, "decoder_layers")).Select(i => new Block(config, weights, $"model.decoder.layers.{i}"))];
        if (!withHead) return;
        if (config.Head == HeadKind.SequenceClassification) Head = ClassificationHead(weights);
        if (config.Head != HeadKind.LanguageModel) return;
        _output = weights.Tied(_words);
        if (weights.Has("final_logits_bias")) _outputBias = weights.Constant("final_logits_bias", 1, config.VocabularySize);
    }

    public override int Depth => _encoder.Length;

    public override int DecoderDepth => _decoder.Length;

    public override Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Dropout? dropout = null)
    {
        var x = Embed(batch.Ids, batch.Positions, _encoderPositions, _encoderNorm, dropout);
        return Through(x, wanted, _encoder, (block, _, input) => block.Forward(input, batch, null, dropout));
    }

    public override Tensor?[] DecoderStates(TokenPass pass, Func<int, bool> wanted)
    {
        var x = Embed(pass.Ids, pass.Positions, _decoderPositions, _decoderNorm, pass.Dropout);
        var masks = pass.Attention.Masks(1);
        return Through(x, wanted, _decoder, (block, layer, input) => block.Forward(input, layer, pass, masks));
    }

    public override Tensor Logits(Tensor hidden)
    {
        var logits = (_output ?? throw new PolymathException($"{Config.Source}: this network has no language model head")).Forward(hidden);
        return _outputBias is null ? logits : logits + _outputBias;
    }

    private Tensor Embed(Tensor ids, Tensor positions, Tensor table, LayerNorm norm, Dropout? dropout)
    {
        var words = _words.Rows(ids);
        var x = norm.Forward((_scale == 1 ? words : words * _scale) + table.Rows(positions + FirstPosition)); // [T, H]
        return dropout is null ? x : dropout.Apply(x);
    }

    private static EncoderBlock Encoding(NetworkConfig config, Weights weights, string name) => new(
        new SelfAttention(
            weights.Linear([$"{name}.self_attn.q_proj", $"{name}.self_attn.k_proj", $"{name}.self_attn.v_proj"], config.Width, config.Width),
            weights.Linear($"{name}.self_attn.out_proj", config.Width, config.Width), config.Heads),
        weights.Norm($"{name}.self_attn_layer_norm", config.Width, Epsilon),
        weights.Linear($"{name}.fc1", config.Width, config.Intermediate), config.FeedForwardActivation,
        weights.Linear($"{name}.fc2", config.Intermediate, config.Width),
        weights.Norm($"{name}.final_layer_norm", config.Width, Epsilon));

    /// <summary>Self-attention, attention to the source, feed-forward: each x ← norm(x + part(x)).</summary>
    private sealed class Block
    {
        private readonly int _heads;
        private readonly Linear _queryKeyValue, _output, _crossQuery, _crossKeyValue, _crossOutput, _grow, _shrink;
        private readonly LayerNorm _attentionNorm, _crossNorm, _norm;
        private readonly Activation _activation;

        public Block(NetworkConfig config, Weights weights, string name)
        {
            int width = config.Width, intermediate = config.File.IntOr(config.Intermediate, 1, "decoder_ffn_dim");
            _heads = config.File.IntOr(config.Heads, 1, "decoder_attention_heads");
            _activation = config.FeedForwardActivation;
            _queryKeyValue = weights.Linear([$"{name}.self_attn.q_proj", $"{name}.self_attn.k_proj", $"{name}.self_attn.v_proj"], width, width);
            _output = weights.Linear($"{name}.self_attn.out_proj", width, width);
            _attentionNorm = weights.Norm($"{name}.self_attn_layer_norm", width, Epsilon);
            _crossQuery = weights.Linear($"{name}.encoder_attn.q_proj", width, width);
            _crossKeyValue = weights.Linear([$"{name}.encoder_attn.k_proj", $"{name}.encoder_attn.v_proj"], width, width);
            _crossOutput = weights.Linear($"{name}.encoder_attn.out_proj", width, width);
            _crossNorm = weights.Norm($"{name}.encoder_attn_layer_norm", width, Epsilon);
            _grow = weights.Linear($"{name}.fc1", width, intermediate);
            _shrink = weights.Linear($"{name}.fc2", intermediate, width);
            _norm = weights.Norm($"{name}.final_layer_norm", width, Epsilon);
        }

        public Tensor Forward(Tensor x, int layer, TokenPass pass, Tensor?[] masks)
        {
            using var scope = NewDisposeScope();
            long tokens = x.shape[0], headWidth = x.shape[1] / _heads;
            var parts = _queryKeyValue.Forward(x).view(tokens, 3, _heads, headWidth).unbind(1);
            x = _attentionNorm.Forward(_output.ForwardAdd(pass.Attention.Attend(layer, parts[0], parts[1], parts[2], masks), x, pass.Dropout));
            var context = pass.Source!.Attend(layer, _crossQuery.Forward(x).view(tokens, _heads, headWidth), pass.SourceCounts, states => _crossKeyValue.Forward(states));
            x = _crossNorm.Forward(_crossOutput.ForwardAdd(context, x, pass.Dropout));
            return _norm.Forward(_shrink.ForwardAdd(_grow.Forward(x, _activation), x, pass.Dropout)).MoveToOuterDisposeScope();
        }
    }
}
