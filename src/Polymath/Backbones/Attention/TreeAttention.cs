using static TorchSharp.torch;

namespace Polymath.Backbones.Attention;

/// <summary>
/// Attention along the branches of a tree: each token sees the tokens that all branches share (<paramref name="past"/>), its ancestors and itself.
/// Many continuations of one beginning then cost their own tokens only.
/// </summary>
/// <param name="parents">For each token the place of its parent among the tokens, −1 for one that follows the past directly; parents come first.</param>
/// <param name="past">Keys and values of the shared beginning; null for none.</param>
/// <param name="record">Takes the keys and values of the tokens; null for none.</param>
internal sealed class TreeAttention(int[] parents, KeyValues? past, KeyValues? record = null) : AttentionPlan
{
    private readonly int _past = past?.Tokens ?? 0;

    /// <summary>Positions of the tokens: those of the past come first, then depth decides.</summary>
    public static long[] Positions(int[] parents, int past)
    {
        var positions = new long[parents.Length];
        for (var t = 0; t < parents.Length; t++) positions[t] = parents[t] < 0 ? past : positions[parents[t]] + 1;
        return positions;
    }

    /// <inheritdoc/>
    public override Tensor?[] Masks(int queriesPerKey, AttentionWindow? window = null, Func<Tensor, Tensor>? bias = null)
    {
        int count = parents.Length, keys = _past + count;
        var positions = Positions(parents, _past);
        var visible = new bool[count * keys];
        for (var t = 0; t < count; t++)
        {
            var row = t * keys;
            visible.AsSpan(row, _past).Fill(true);
            if (parents[t] >= 0) visible.AsSpan(parents[t] * keys + _past, t).CopyTo(visible.AsSpan(row + _past));
            visible[row + _past + t] = true;
        }
        Tensor Distances()
        {
            long[] places = [.. Enumerable.Range(0, _past).Select(place => (long)place), .. positions];
            return (tensor(places).unsqueeze(0) - tensor(positions).unsqueeze(1)).unsqueeze(0);
        }
        return [Mask(tensor(visible).view(1, count, keys), Distances, queriesPerKey, window, bias)];
    }

    /// <inheritdoc/>
    public override Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor?[] masks, double? scale = null)
    {
        record?.Append(layer, k, v);
        if (past is not null) (k, v) = (cat([past.Keys(layer), k]), cat([past.Values(layer), v]));
        return Grouped(q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0), masks[0], scale).squeeze(0);
    }
}
