using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Attention;

/// <summary>How far a position looks: keys from <paramref name="Back"/> positions before the query to <paramref name="Ahead"/> after it.</summary>
internal sealed record AttentionWindow(int Back, int Ahead);

/// <summary>
/// Which keys the queries of a pass see, and how the attention is computed: within packed rows, along the branches of a tree of tokens, or against
/// the cache of earlier tokens. The blocks of a family make queries, keys and values of all tokens and leave the rest to the plan, so that
/// training, scoring and generation run one definition of the network.
/// </summary>
internal abstract class AttentionPlan : IDisposable
{
    /// <summary>
    /// What is added to the scores of each attention call of the pass, [rows or 1, heads or 1, queries, keys], null where nothing is; made once for
    /// all blocks.
    /// </summary>
    /// <param name="queriesPerKey">Attention heads that share a key head.</param>
    /// <param name="window">How far a position looks; null for as far as the plan allows.</param>
    /// <param name="bias">A learned bias: key position minus query position, int64 [rows or 1, queries, keys] → [rows or 1, heads, queries, keys].</param>
    public abstract Tensor?[] Masks(int queriesPerKey, AttentionWindow? window = null, Func<Tensor, Tensor>? bias = null);

    /// <summary>softmax(scale · q kᵀ + mask) v for every token.</summary>
    /// <param name="layer">The block, for plans that remember keys and values.</param>
    /// <param name="q">Queries [T, heads, width].</param>
    /// <param name="k">Keys [T, key heads, width].</param>
    /// <param name="v">Values [T, key heads, width].</param>
    /// <param name="masks">From <see cref="Masks"/>.</param>
    /// <param name="scale">Factor of the scores; null for 1 / √width.</param>
    /// <returns>[T, heads · width].</returns>
    public abstract Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor?[] masks, double? scale = null);

    /// <summary>Frees the plan's own tensors.</summary>
    public virtual void Dispose() { }

    /// <summary>0 where a key is seen, −∞ elsewhere, plus the bias; float32.</summary>
    /// <param name="visible">What the plan allows, bool [rows or 1, queries, keys].</param>
    /// <param name="distances">Gives key position minus query position, int64 of that shape; asked only where a window or a bias needs them.</param>
    /// <param name="queriesPerKey">How often the mask is repeated, one copy for each head that shares a key head.</param>
    /// <param name="window">How far a position looks.</param>
    /// <param name="bias">Distances → learned bias.</param>
    protected static Tensor Mask(Tensor visible, Func<Tensor> distances, int queriesPerKey, AttentionWindow? window, Func<Tensor, Tensor>? bias)
    {
        var between = window is null && bias is null ? null : distances();
        if (window is not null) visible = visible & (between! >= -window.Back) & (between! <= window.Ahead);
        var mask = zeros(visible.shape, ScalarType.Float32).masked_fill(visible.logical_not(), float.NegativeInfinity).unsqueeze(1);
        if (queriesPerKey > 1) mask = mask.repeat(1, 1, queriesPerKey, 1);
        return bias is null ? mask : bias(between!) + mask;
    }

    /// <summary>
    /// Attention of [rows, queries, heads, width] to [rows, keys, key heads, width] → [rows, queries, heads · width]. Query heads that share a key head
    /// stand as further queries of it, so that keys and values are not copied; the mask has them one after another.
    /// </summary>
    protected static Tensor Grouped(Tensor q, Tensor k, Tensor v, Tensor? mask, double? scale)
    {
        long rows = q.shape[0], queries = q.shape[1], heads = q.shape[2], width = q.shape[3], keyHeads = k.shape[2], shared = heads / keyHeads;
        var folded = shared == 1 ? q.transpose(1, 2)
            : q.view(rows, queries, keyHeads, shared, width).permute(0, 2, 3, 1, 4).reshape(rows, keyHeads, shared * queries, width);
        var context = Scripts.Attention(folded, k.transpose(1, 2), v.transpose(1, 2), mask?.to(q.dtype), scale: scale);
        return shared == 1 ? context.transpose(1, 2).reshape(rows, queries, heads * width)
            : context.view(rows, keyHeads, shared, queries, width).permute(0, 3, 1, 2, 4).reshape(rows, queries, heads * width);
    }
}
