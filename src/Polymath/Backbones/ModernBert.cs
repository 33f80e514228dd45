using Polymath.Backbones.Attention;
using Polymath.Backbones.Layers;
using Polymath.Native;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// ModernBERT (Warner et al. 2024): rotary positions, pre-norm blocks without biases, gated GELU, attention to near tokens only except in every third block,
/// whose rotary base differs. Names follow transformers' models/modernbert/modeling_modernbert.py.
/// </summary>
internal sealed class ModernBert : Network
{
    public const string Prefix = "model.";

    private readonly Tensor _words;
    private readonly LayerNorm _embeddingNorm, _norm;
    private readonly Block[] _blocks;
    private readonly Rotary _everywhere, _near;
    private readonly AttentionWindow _window;

    public ModernBert(NetworkConfig config, Weights weights, bool withHead) : base(config, weights)
    {
        var file = config.File;
        if (file.BoolOr(false, "attention_bias") || file.BoolOr(false, "mlp_bias") || file.BoolOr(false, "norm_bias") || file.BoolOr(false, "classifier_bias"))
            throw new PolymathException($"{config.Source}: a ModernBERT with biases is not supported");
        _words = weights.Get("model.embeddings.tok_embeddings.weight", config.VocabularySize, config.Width);
        _embeddingNorm = weights.ScaleNorm("model.embeddings.norm", config.Width, config.LayerNormEpsilon);
        int headWidth = config.Width / config.Heads, every = file.IntOr(3, 1, "global_attn_every_n_layers"), near = file.IntOr(128, 2, "local_attention") / 2;
        var ropes = file.Part("rope_parameters");
        file.CheckLayerTypes([.. Enumerable.Range(0, config.Layers).Select(i => i % every == 0 ? "full_attention" : "sliding_attention")]);
        double Base(string part, string older, double otherwise) => ropes?.Part(part)?.NumberOr(otherwise, "rope_theta") ?? file.NumberOr(otherwise, older);
        var theta = Base("full_attention", "global_rope_theta", 160000);
        // In older folders a base of null for near attention means the other one.
        var isNull = file.Root.TryGetProperty("local_rope_theta", out var local) && local.ValueKind == System.Text.Json.JsonValueKind.Null;
        _everywhere = new Rotary(headWidth, theta, ropes?.Part("full_attention"), weights);
        _near = new Rotary(headWidth, Base("sliding_attention", "local_rope_theta", isNull ? theta : 10000), ropes?.Part("sliding_attention"), weights);
        _window = new AttentionWindow(near, near);
        _blocks = [.. Enumerable.Range(0, config.Layers).Select(i => new Block(config, weights, $"model.layers.{i}", isFirst: i == 0, isNear: i % every != 0))];
        _norm = weights.ScaleNorm("model.final_norm", config.Width, config.LayerNormEpsilon);
        if (withHead) Head = OwnHead(config, weights);
    }

    public override int Depth => _blocks.Length;

    public override Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Dropout? dropout = null)
    {
        var x = _embeddingNorm.Forward(_words.Rows(batch.Ids)); // [T, H]
        if (dropout is not null) x = dropout.Apply(x);
        using var plan = new PackedAttention(batch, causal: false);
        Tensor?[] everywhere = plan.Masks(1), near = plan.Masks(1, _window);
        (Tensor, Tensor) farAngles = _everywhere.Angles(batch.Positions, x.dtype), nearAngles = _near.Angles(batch.Positions, x.dtype);
        return Through(x, wanted, _blocks, (block, layer, input) => block.IsNear
            ? block.Forward(input, layer, plan, near, _near, nearAngles, dropout)
            : block.Forward(input, layer, plan, everywhere, _everywhere, farAngles, dropout), _norm.Forward);
    }

    private HeadFunction? OwnHead(NetworkConfig config, Weights weights)
    {
        if (config.Head == HeadKind.None) return null;
        var dense = weights.Linear("head.dense", config.Width, config.Width, bias: false);
        var norm = weights.ScaleNorm("head.norm", config.Width, config.LayerNormEpsilon);
        var activation = Activations.Parse(config.File.TextOr("gelu", "classifier_activation"), config.Source);
        Tensor Shaped(Tensor x) => norm.Forward(dense.Forward(x, activation));
        if (config.Head == HeadKind.MaskedLanguageModel)
        {
            var output = weights.Output("decoder", _words, config.TieWordEmbeddings || !weights.Has("decoder.weight"), weights.Has("decoder.bias") ? "decoder.bias" : null);
            return (hidden, _) => output.Forward(Shaped(hidden));
        }
        var classifier = weights.Linear("classifier", config.Width, config.Labels.Count);
        if (config.Head == HeadKind.TokenClassification) return (hidden, _) => classifier.Forward(Shaped(hidden));
        return config.File.TextOr("cls", "classifier_pooling") == "mean"
            ? (hidden, batch) => classifier.Forward(Shaped(Pooled.Rows(hidden, batch, Pooling.Mean)))
            : (hidden, batch) => classifier.Forward(Shaped(First(hidden, batch)));
    }

    /// <summary>x ← x + attention(norm(x)); x ← x + feedForward(norm(x)); the first block takes the embeddings' norm for its own.</summary>
    private sealed class Block
    {
        private readonly int _heads;
        private readonly LayerNorm? _attentionNorm;
        private readonly LayerNorm _norm;
        private readonly Linear _queryKeyValue, _output;
        private readonly GatedFeedForward _feedForward;

        public Block(NetworkConfig config, Weights weights, string name, bool isFirst, bool isNear)
        {
            (_heads, IsNear) = (config.Heads, isNear);
            _attentionNorm = isFirst ? null : weights.ScaleNorm($"{name}.attn_norm", config.Width, config.LayerNormEpsilon);
            _queryKeyValue = weights.Linear($"{name}.attn.Wqkv", config.Width, 3 * config.Width, bias: false);
            _output = weights.Linear($"{name}.attn.Wo", config.Width, config.Width, bias: false);
            _norm = weights.ScaleNorm($"{name}.mlp_norm", config.Width, config.LayerNormEpsilon);
            _feedForward = new GatedFeedForward(weights.Linear($"{name}.mlp.Wi", config.Width, 2 * config.Intermediate, bias: false),
                config.FeedForwardActivation, weights.Linear($"{name}.mlp.Wo", config.Intermediate, config.Width, bias: false));
        }

        public bool IsNear { get; }

        public Tensor Forward(Tensor x, int layer, PackedAttention plan, Tensor?[] masks, Rotary rotary, (Tensor, Tensor) angles, Dropout? dropout)
        {
            using var scope = NewDisposeScope();
            var qkv = _queryKeyValue.Forward(_attentionNorm?.Forward(x) ?? x).view(x.shape[0], 3, _heads, x.shape[1] / _heads);
            var parts = qkv.unbind(1);
            x = _output.ForwardAdd(plan.Attend(layer, rotary.Turn(parts[0], angles), rotary.Turn(parts[1], angles), parts[2], masks), x, dropout);
            return _feedForward.ForwardAdd(_norm.Forward(x), x, dropout).MoveToOuterDisposeScope();
        }
    }
}
