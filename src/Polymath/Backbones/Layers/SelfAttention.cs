using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Layers;

/// <summary>
/// Multi-head self-attention over a packed batch (Vaswani et al. 2017): rows attend within themselves only. One product makes queries, keys
/// and values; one attention call handles each group of rows (see <see cref="PackedBatch.Groups"/>).
/// </summary>
internal sealed class SelfAttention(Linear queryKeyValue, Linear output, int heads)
{
    /// <param name="x">Tokens [T, H].</param>
    /// <param name="batch">Where the rows are.</param>
    /// <param name="bias">A bias of the attention scores of a group, [1, heads, length, length], or null for none.</param>
    /// <returns>output(attention(x)) + x, [T, H].</returns>
    public Tensor ForwardAdd(Tensor x, PackedBatch batch, Func<AttentionGroup, Tensor>? bias)
    {
        var qkv = queryKeyValue.Forward(x); // [T, 3H]
        var contexts = new Tensor[batch.Groups.Count];
        for (var g = 0; g < contexts.Length; g++) contexts[g] = Attend(qkv, batch.Groups[g], bias);
        var context = contexts.Length == 1 ? contexts[0] : cat(contexts); // [T, H]
        return output.ForwardAdd(context, x);
    }

    private Tensor Attend(Tensor qkv, AttentionGroup group, Func<AttentionGroup, Tensor>? bias)
    {
        var width = qkv.shape[1] / 3;
        var rows = group.Gather is null ? qkv.narrow(0, group.Start, (long)group.Rows * group.Length) : qkv.index_select(0, group.Gather);
        var split = rows.view(group.Rows, group.Length, 3, heads, width / heads);
        Tensor Part(long which) => split.select(2, which).transpose(1, 2); // [rows, heads, length, headDim]
        var mask = bias?.Invoke(group);
        if (group.Mask is not null) mask = mask is null ? group.Mask.to(qkv.dtype) : mask + group.Mask.to(qkv.dtype);
        var context = nn.functional.scaled_dot_product_attention(Part(0), Part(1), Part(2), mask);
        var flat = context.transpose(1, 2).reshape((long)group.Rows * group.Length, width);
        return group.Scatter is null ? flat : flat.index_select(0, group.Scatter);
    }
}

/// <summary>
/// One block of a post-norm encoder, as BERT and its kin use it:
/// x ← norm(x + attention(x)); x ← norm(x + shrink(activation(grow(x)))).
/// </summary>
internal sealed class EncoderBlock(SelfAttention attention, LayerNorm attentionNorm, Linear grow, Native.Activation activation, Linear shrink, LayerNorm outputNorm)
{
    /// <summary>Tokens [T, H] → [T, H].</summary>
    public Tensor Forward(Tensor x, PackedBatch batch, Func<AttentionGroup, Tensor>? bias)
    {
        var attended = attentionNorm.Forward(attention.ForwardAdd(x, batch, bias));
        return outputNorm.Forward(shrink.ForwardAdd(grow.Forward(attended, activation), attended));
    }
}
