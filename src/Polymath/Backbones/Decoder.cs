using Polymath.Backbones.Attention;
using Polymath.Backbones.Layers;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// A decoder: each token sees itself and those before it. A family's file supplies embeddings, pre-norm blocks and the last norm; the way of the data and
/// the two heads, next token and classes of the row's last token, stand here.
/// </summary>
internal abstract class Decoder(NetworkConfig config, Weights weights) : Network(config, weights), ITokenDecoder
{
    private Func<Tensor, Tensor>? _logits;

    /// <inheritdoc/>
    public override int Depth => Blocks.Count;

    /// <inheritdoc/>
    public int DecoderDepth => Depth;

    /// <summary>The blocks in order.</summary>
    protected abstract IReadOnlyList<DecoderBlock> Blocks { get; }

    /// <summary>How far a token looks back; null for everywhere.</summary>
    protected virtual AttentionWindow? Window => null;

    /// <summary>The rotary positions; null where positions are added to the embeddings.</summary>
    protected virtual Rotary? Rotary => null;

    /// <summary>Embeddings, [T, H].</summary>
    protected abstract Tensor Embed(Tensor ids, Tensor positions);

    /// <summary>The norm after the last block.</summary>
    protected abstract Tensor Finish(Tensor x);

    /// <inheritdoc/>
    public override Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Dropout? dropout = null)
    {
        using var plan = new PackedAttention(batch, causal: true);
        return DecoderStates(new TokenPass(batch.Ids, batch.Positions, plan) { Dropout = dropout }, wanted);
    }

    /// <inheritdoc/>
    public Tensor?[] DecoderStates(TokenPass pass, Func<int, bool> wanted)
    {
        if (pass.Attention is CacheAttention cache && !Trainable && cache.SuitsFewTokens(Blocks[0].Width)) return FewTokenStates(pass, cache, wanted);
        var x = Embed(pass.Ids, pass.Positions);
        if (pass.Dropout is { } dropout) x = dropout.Apply(x);
        var masks = pass.Attention.Masks(Blocks[0].QueriesPerKey, Window);
        var angles = Rotary?.Angles(pass.Positions, x.dtype);
        return Through(x, wanted, Blocks, (block, layer, input) => block.Forward(input, layer, pass, masks, Rotary, angles), Finish);
    }

    /// <summary>The same states, where the tokens and those that they look at are few.</summary>
    private Tensor?[] FewTokenStates(TokenPass pass, CacheAttention cache, Func<int, bool> wanted)
    {
        using var tokens = new FewTokens(Embed(pass.Ids, pass.Positions));
        var angles = Rotary?.Angles(pass.Positions);
        var states = new Tensor?[Depth + 1];
        for (var layer = 0; layer <= Depth; layer++)
        {
            if (layer > 0) Blocks[layer - 1].Forward(tokens, layer - 1, cache, Window, angles);
            if (!wanted(layer)) continue;
            var state = tokens.ToTensor();
            states[layer] = layer == Depth ? Finish(state) : state;
        }
        return states;
    }

    /// <inheritdoc/>
    public Tensor Logits(Tensor hidden) => _logits is { } logits ? logits(hidden)
        : throw new PolymathException($"{Config.Source}: this network has no language model head (architecture ends in ForCausalLM or LMHeadModel)");

    /// <summary>The folder's own head: scores of the next token by <paramref name="output"/>, or of classes.</summary>
    protected HeadFunction? OwnHead(bool wanted, Weights weights, string output, Tensor embeddings)
    {
        if (!wanted) return null;
        switch (Config.Head)
        {
            case HeadKind.LanguageModel:
                var project = weights.Output(output, embeddings, Config.OutputIsTied);
                _logits = hidden => project.Forward(hidden);
                return (hidden, _) => _logits(hidden);
            case HeadKind.SequenceClassification:
                var score = weights.Linear("score", Config.Width, Config.Labels.Count, bias: false);
                return (hidden, batch) => score.Forward(Final(hidden, batch));
            default: return null;
        }
    }
}

/// <summary>One pre-norm block: x ← x + attention(norm₁(x)); x ← x + feedForward(norm₂(x)).</summary>
/// <param name="attentionNorm">The first norm.</param>
/// <param name="queryKeyValue">Queries, keys and values in one product, [T, (heads + 2 key heads) · width].</param>
/// <param name="output">[T, heads · width] → [T, H].</param>
/// <param name="norm">The second norm.</param>
/// <param name="feedForward">[T, H] → [T, H].</param>
/// <param name="heads">Attention heads.</param>
/// <param name="keyHeads">Heads of keys and values.</param>
/// <param name="headWidth">Width of a head.</param>
internal sealed class DecoderBlock(
    INorm attentionNorm, Linear queryKeyValue, Linear output, INorm norm, IFeedForward feedForward, int heads, int keyHeads, int headWidth)
{
    /// <summary>Attention heads that share a key head.</summary>
    public int QueriesPerKey => heads / keyHeads;

    /// <summary>Width of all heads.</summary>
    public int Width => heads * headWidth;

    /// <summary>Tokens [T, H] → [T, H].</summary>
    public Tensor Forward(Tensor x, int layer, TokenPass pass, Tensor?[] masks, Rotary? rotary, (Tensor, Tensor)? angles)
    {
        using var scope = NewDisposeScope();
        var qkv = queryKeyValue.Forward(attentionNorm.Forward(x)).view(x.shape[0], heads + 2 * keyHeads, headWidth);
        var parts = qkv.split([heads + keyHeads, keyHeads], 1);
        var turned = rotary is null ? parts[0] : rotary.Turn(parts[0], angles!.Value);
        var queriesKeys = turned.split([heads, keyHeads], 1);
        var context = pass.Attention.Attend(layer, queriesKeys[0], queriesKeys[1], parts[1], masks);
        var attended = output.ForwardAdd(context, x, pass.Dropout);
        return feedForward.ForwardAdd(norm.Forward(attended), attended, pass.Dropout).MoveToOuterDisposeScope();
    }

    /// <summary>The same for the states of a few tokens.</summary>
    public void Forward(FewTokens tokens, int layer, CacheAttention cache, AttentionWindow? window, RotaryAngles? angles)
    {
        using (var normed = tokens.Normed(attentionNorm))
        using (var qkv = tokens.Product(queryKeyValue, normed))
        using (var context = new PooledFloats(tokens.Count * Width))
        {
            angles?.Turn(qkv.Span, heads + keyHeads, heads + 2 * keyHeads);
            cache.Attend(layer, qkv.Span, context.Span, heads, keyHeads, window);
            tokens.AddProduct(output, context);
        }
        feedForward.Add(tokens, norm);
    }
}
