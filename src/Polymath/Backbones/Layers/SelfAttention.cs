using Polymath.Backbones.Attention;
using Polymath.Native;
using Polymath.Text;
using Polymath.Training;
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
    /// <param name="biases">For each group a bias of the attention scores, [1, heads, length, length], or null for none.</param>
    /// <param name="dropout">Applied to the output before the sum; null for none.</param>
    /// <returns>output(attention(x)) + x, [T, H].</returns>
    public Tensor ForwardAdd(Tensor x, PackedBatch batch, Tensor[]? biases, Dropout? dropout)
    {
        // Intermediate results go as soon as they were used: the next ones then take memory that is still in the processor's cache.
        using var scope = NewDisposeScope();
        var qkv = queryKeyValue.Forward(x); // [T, 3H]
        if (biases is null && RowAttention.Suits(qkv, batch, heads)) return output.ForwardAdd(RowAttention.Attend(qkv, batch, heads), x, dropout).MoveToOuterDisposeScope();
        // One split instead of a slice for each group: its backward writes the gradient once.
        Tensor[] parts = batch.Groups.Count == 1 ? [qkv] : qkv.split([.. batch.Groups.Select(group => (long)group.Tokens)]);
        Tensor[] contexts = [.. batch.Groups.Select((group, g) => Attend(parts[g], group, biases?[g]))];
        var context = contexts.Length == 1 ? contexts[0] : cat(contexts); // [T, H]
        return output.ForwardAdd(context, x, dropout).MoveToOuterDisposeScope();
    }

    /// <summary>One group: tokens [group's T, 3H] → [group's T, H].</summary>
    private Tensor Attend(Tensor qkv, AttentionGroup group, Tensor? bias)
    {
        var width = qkv.shape[1] / 3;
        var rows = group.Gather is null ? qkv : qkv.Rows(group.Gather);
        // One unbind instead of three selections: its backward writes the gradient once.
        Tensor[] parts = rows.view(group.Rows, group.Length, 3, heads, width / heads).unbind(2);
        Tensor Part(int which) => parts[which].transpose(1, 2); // [rows, heads, length, headDim]
        var mask = group.Mask?.to(qkv.dtype);
        if (bias is not null) mask = mask is null ? bias : bias + mask;
        var context = nn.functional.scaled_dot_product_attention(Part(0), Part(1), Part(2), mask);
        var flat = context.transpose(1, 2).reshape((long)group.Rows * group.Length, width);
        return group.Scatter is null ? flat : flat.Rows(group.Scatter);
    }
}

/// <summary>
/// One block of a post-norm encoder, as BERT and its kin use it:
/// x ← norm(x + attention(x)); x ← norm(x + shrink(activation(grow(x)))).
/// </summary>
internal sealed class EncoderBlock(SelfAttention attention, LayerNorm attentionNorm, Linear grow, Native.Activation activation, Linear shrink, LayerNorm outputNorm)
{
    /// <summary>Tokens [T, H] → [T, H].</summary>
    public Tensor Forward(Tensor x, PackedBatch batch, Tensor[]? biases, Dropout? dropout)
    {
        using var scope = NewDisposeScope();
        Tensor attended, sum;
        using (var withAttention = attention.ForwardAdd(x, batch, biases, dropout)) attended = attentionNorm.Forward(withAttention);
        using (var grown = grow.Forward(attended, activation)) sum = shrink.ForwardAdd(grown, attended, dropout); // grown: [T, intermediate]
        return outputNorm.Forward(sum).MoveToOuterDisposeScope();
    }
}
