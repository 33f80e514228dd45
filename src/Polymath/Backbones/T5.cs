using Polymath.Backbones.Attention;
using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// T5 (Raffel et al. 2020), v1.0 and v1.1 (Flan): root-mean-square norms before each part, no biases, unscaled attention with one relative-position bias
/// a stack. v1.0: ReLU, output tied and scaled by √width; v1.1: gated GELU, output of its own. Names follow transformers' models/t5/modeling_t5.py.
/// </summary>
internal sealed class T5 : EncoderDecoder
{
    public const string Prefix = "transformer.";

    private readonly Tensor _words;
    private readonly Stack _encoder;
    private readonly Stack? _decoder;
    private readonly Linear? _output;
    private readonly double _outputScale;

    public T5(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        var prefix = config.Head == HeadKind.SequenceClassification ? "transformer." : "";
        _words = weights.Get($"{prefix}shared.weight", config.VocabularySize, config.Width);
        _encoder = new Stack(config, weights, $"{prefix}encoder", config.Layers, isDecoder: false);
        if (!withHead || config.Head == HeadKind.None) return;
        _decoder = new Stack(config, weights, $"{prefix}decoder", config.File.IntOr(config.Layers, 1, "num_decoder_layers"), isDecoder: true);
        if (config.Head == HeadKind.SequenceClassification) Head = ClassificationHead(weights);
        if (config.Head != HeadKind.LanguageModel) return;
        var scaled = config.File.BoolOr(config.TieWordEmbeddings, "scale_decoder_outputs");
        _outputScale = scaled ? Math.Pow(config.Width, -0.5) : 1;
        _output = weights.Output("lm_head", _words, config.OutputIsTied);
    }

    public override int Depth => _encoder.Blocks.Length;

    public override int DecoderDepth => _decoder?.Blocks.Length ?? 0;

    public override Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Dropout? dropout = null)
    {
        using var plan = new PackedAttention(batch, causal: false);
        return States(_encoder, new TokenPass(batch.Ids, batch.Positions, plan) { Dropout = dropout }, wanted);
    }

    public override Tensor?[] DecoderStates(TokenPass pass, Func<int, bool> wanted) => States(_decoder ?? throw NoDecoder(), pass, wanted);

    public override Tensor Logits(Tensor hidden) => (_output ?? throw NoDecoder())
        .Forward(_outputScale == 1 ? hidden : hidden * _outputScale);

    private Tensor?[] States(Stack stack, TokenPass pass, Func<int, bool> wanted)
    {
        var x = _words.Rows(pass.Ids); // [T, H]
        if (pass.Dropout is { } dropout) x = dropout.Apply(x);
        var masks = pass.Attention.Masks(1, bias: stack.Bias);
        return Through(x, wanted, stack.Blocks, (block, layer, input) => block.Forward(input, layer, pass, masks), stack.Norm.Forward);
    }

    /// <summary>The encoder's or the decoder's blocks, their relative-position bias and their last norm.</summary>
    private sealed class Stack
    {
        private readonly Tensor _relative;
        private readonly int _buckets, _farthest;
        private readonly bool _isDecoder;

        public Stack(NetworkConfig config, Weights weights, string name, int layers, bool isDecoder)
        {
            _isDecoder = isDecoder;
            _buckets = config.RelativeBuckets;
            _farthest = config.File.IntOr(128, 2, "relative_attention_max_distance");
            _relative = weights.Get($"{name}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", _buckets, config.Heads);
            Blocks = [.. Enumerable.Range(0, layers).Select(i => new Block(config, weights, $"{name}.block.{i}.layer", isDecoder))];
            Norm = weights.RmsNorm($"{name}.final_layer_norm", config.Width, config.LayerNormEpsilon);
        }

        public Block[] Blocks { get; }

        public RmsNorm Norm { get; }

        /// <summary>Distances [rows, queries, keys] → [rows, heads, queries, keys].</summary>
        public Tensor Bias(Tensor distances)
        {
            var buckets = RelativePosition.Buckets(distances, _buckets, _farthest, bidirectional: !_isDecoder);
            return _relative.Rows(buckets.view(-1)).view([.. distances.shape, _relative.shape[1]]).permute(0, 3, 1, 2);
        }
    }

    /// <summary>Self-attention, in the decoder attention to the source, feed-forward: each x ← x + part(norm(x)).</summary>
    private sealed class Block
    {
        private const double Scale = 1; // T5 does not divide its scores by √width

        private readonly int _heads, _headWidth;
        private readonly RmsNorm _attentionNorm, _norm;
        private readonly RmsNorm? _crossNorm;
        private readonly Linear _queryKeyValue, _output;
        private readonly Linear? _crossQuery, _crossKeyValue, _crossOutput;
        private readonly IFeedForward _feedForward;

        public Block(NetworkConfig config, Weights weights, string name, bool isDecoder)
        {
            (_heads, _headWidth) = (config.Heads, config.File.IntOr(config.Width / config.Heads, 1, "d_kv"));
            int width = config.Width, inner = _heads * _headWidth;
            _attentionNorm = weights.RmsNorm($"{name}.0.layer_norm", width, config.LayerNormEpsilon);
            _queryKeyValue = weights.Linear([$"{name}.0.SelfAttention.q", $"{name}.0.SelfAttention.k", $"{name}.0.SelfAttention.v"], width, inner, bias: false);
            _output = weights.Linear($"{name}.0.SelfAttention.o", inner, width, bias: false);
            if (isDecoder)
            {
                _crossNorm = weights.RmsNorm($"{name}.1.layer_norm", width, config.LayerNormEpsilon);
                _crossQuery = weights.Linear($"{name}.1.EncDecAttention.q", width, inner, bias: false);
                _crossKeyValue = weights.Linear([$"{name}.1.EncDecAttention.k", $"{name}.1.EncDecAttention.v"], width, inner, bias: false);
                _crossOutput = weights.Linear($"{name}.1.EncDecAttention.o", inner, width, bias: false);
            }
            var last = $"{name}.{(isDecoder ? 2 : 1)}";
            _norm = weights.RmsNorm($"{last}.layer_norm", width, config.LayerNormEpsilon);
            _feedForward = FeedForwardPart(config, weights, $"{last}.DenseReluDense");
        }

        public Tensor Forward(Tensor x, int layer, TokenPass pass, Tensor?[] masks)
        {
            using var scope = NewDisposeScope();
            var parts = _queryKeyValue.Forward(_attentionNorm.Forward(x)).view(x.shape[0], 3, _heads, _headWidth).unbind(1);
            x = _output.ForwardAdd(pass.Attention.Attend(layer, parts[0], parts[1], parts[2], masks, Scale), x, pass.Dropout);
            if (_crossNorm is not null)
            {
                var queries = _crossQuery!.Forward(_crossNorm.Forward(x)).view(x.shape[0], _heads, _headWidth);
                var context = pass.Source!.Attend(layer, queries, pass.SourceCounts, states => _crossKeyValue!.Forward(states), Scale);
                x = _crossOutput!.ForwardAdd(context, x, pass.Dropout);
            }
            return _feedForward.ForwardAdd(_norm.Forward(x), x, pass.Dropout).MoveToOuterDisposeScope();
        }

        /// <summary>Plain, or gated where <c>feed_forward_proj</c> says so.</summary>
        private static IFeedForward FeedForwardPart(NetworkConfig config, Weights weights, string name)
        {
            var kind = config.File.TextOr("relu", "feed_forward_proj");
            var gated = kind.StartsWith("gated-", StringComparison.Ordinal);
            var activation = Activations.Parse(kind == "gated-gelu" ? "gelu_new" : gated ? kind[6..] : kind, config.Source);
            var shrink = weights.Linear($"{name}.wo", config.Intermediate, config.Width, bias: false);
            if (gated) return new GatedFeedForward(weights.Linear([$"{name}.wi_0", $"{name}.wi_1"], config.Width, config.Intermediate, bias: false), activation, shrink);
            var grow = weights.Linear($"{name}.wi", config.Width, config.Intermediate, bias: false);
            return new FeedForward(grow, activation, shrink);
        }
    }
}
