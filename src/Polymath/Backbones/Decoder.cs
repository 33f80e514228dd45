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
        var x = Embed(pass.Ids, pass.Positions);
        if (pass.Dropout is { } dropout) x = dropout.Apply(x);
        var masks = pass.Attention.Masks(Blocks[0].QueriesPerKey, Window);
        var angles = Rotary?.Angles(pass.Positions, x.dtype);
        return Through(x, wanted, Blocks, (block, layer, input) => block.Forward(input, layer, pass, masks, Rotary, angles), Finish);
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

/// <summary>One pre-norm block: x ← x + attention(norm(x)); x ← x + feedForward(norm(x)).</summary>
/// <param name="norm">The first norm.</param>
/// <param name="queryKeyValue">Queries, keys and values in one product, [T, (heads + 2 key heads) · width].</param>
/// <param name="output">[T, heads · width] → [T, H].</param>
/// <param name="feedForward">(x, dropout) → x + feedForward(norm(x)).</param>
/// <param name="heads">Attention heads.</param>
/// <param name="keyHeads">Heads of keys and values.</param>
/// <param name="headWidth">Width of a head.</param>
internal sealed class DecoderBlock(
    Func<Tensor, Tensor> norm, Linear queryKeyValue, Linear output, Func<Tensor, Dropout?, Tensor> feedForward, int heads, int keyHeads, int headWidth)
{
    /// <summary>Attention heads that share a key head.</summary>
    public int QueriesPerKey => heads / keyHeads;

    /// <summary>Tokens [T, H] → [T, H].</summary>
    public Tensor Forward(Tensor x, int layer, TokenPass pass, Tensor?[] masks, Rotary? rotary, (Tensor, Tensor)? angles)
    {
        using var scope = NewDisposeScope();
        var qkv = queryKeyValue.Forward(norm(x)).view(x.shape[0], heads + 2 * keyHeads, headWidth);
        var parts = qkv.split([heads + keyHeads, keyHeads], 1);
        var turned = rotary is null ? parts[0] : rotary.Turn(parts[0], angles!.Value);
        var queriesKeys = turned.split([heads, keyHeads], 1);
        var context = pass.Attention.Attend(layer, queriesKeys[0], queriesKeys[1], parts[1], masks);
        return feedForward(output.ForwardAdd(context, x, pass.Dropout), pass.Dropout).MoveToOuterDisposeScope();
    }
}
