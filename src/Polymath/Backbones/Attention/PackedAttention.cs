using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Attention;

/// <summary>
/// Attention within the rows of a packed batch, one call for each group (see <see cref="PackedBatch.Groups"/>): to all tokens of the row, or, where it is
/// causal, to the token itself and those before it.
/// </summary>
/// <param name="batch">The rows.</param>
/// <param name="causal">Whether a token sees no later one.</param>
/// <param name="record">Takes the keys and values of every block, in packed order; null for none.</param>
internal sealed class PackedAttention(PackedBatch batch, bool causal, KeyValues? record = null) : AttentionPlan
{
    /// <inheritdoc/>
    public override Tensor?[] Masks(int queriesPerKey, AttentionWindow? window = null, Func<Tensor, Tensor>? bias = null)
    {
        if (window is not null && batch.Groups.All(group => group.Length <= Math.Min(window.Back, causal ? int.MaxValue - 1 : window.Ahead) + 1)) window = null; // nobody reaches its end
        // A causal row needs no mask of its own: the padding after it is never seen, and the native call knows the triangle.
        if (causal && window is null && bias is null) return new Tensor?[batch.Groups.Count];
        return [.. batch.Groups.Select(group =>
        {
            if (!causal && window is null && bias is null) return group.Mask;
            var places = arange(group.Length, ScalarType.Int64);
            var distances = (places.unsqueeze(0) - places.unsqueeze(1)).unsqueeze(0); // [1, length, length]
            var visible = causal ? distances <= 0 : ones_like(distances).to(ScalarType.Bool);
            // A place always sees itself: padding far from every token would else see nothing, and a row of −∞ has no gradient.
            if (!causal && group.Mask is not null) visible = visible & ((group.Mask.view(group.Rows, 1, group.Length) == 0) | (distances == 0));
            return Mask(visible, () => distances, 1, window, bias);
        })];
    }

    /// <inheritdoc/>
    public override Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor?[] masks, double? scale = null)
    {
        record?.Append(layer, k, v);
        if (batch.Groups.Count == 1) return AttendGroup(q, k, v, batch.Groups[0], masks[0], scale);
        long[] sizes = [.. batch.Groups.Select(group => (long)group.Tokens)];
        Tensor[] queries = q.split(sizes), keys = k.split(sizes), values = v.split(sizes);
        return cat([.. batch.Groups.Select((group, g) => AttendGroup(queries[g], keys[g], values[g], group, masks[g], scale))]);
    }

    private Tensor AttendGroup(Tensor q, Tensor k, Tensor v, AttentionGroup group, Tensor? mask, double? scale)
    {
        Tensor Heads(Tensor x) // [tokens, heads, width] → [rows, length, heads, width]
        {
            long heads = x.shape[1], width = x.shape[2];
            var flat = x.reshape(x.shape[0], heads * width);
            return (group.Gather is null ? flat : flat.Rows(group.Gather)).view(group.Rows, group.Length, heads, width);
        }
        var shared = q.shape[1] / k.shape[1];
        Tensor Keys(Tensor x) => shared == 1 ? x : x.unsqueeze(3).expand(-1, -1, -1, shared, -1).reshape(x.shape[0], x.shape[1], x.shape[2] * shared, x.shape[3]);
        var context = Scripts.Attention(Heads(q).transpose(1, 2), Keys(Heads(k)).transpose(1, 2), Keys(Heads(v)).transpose(1, 2),
            mask?.to(q.dtype), causal && mask is null, scale);
        var rows = context.transpose(1, 2).reshape((long)group.Rows * group.Length, q.shape[1] * q.shape[2]);
        return group.Scatter is null ? rows : rows.Rows(group.Scatter);
    }
}
