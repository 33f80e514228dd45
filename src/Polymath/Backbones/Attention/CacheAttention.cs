using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Backbones.Attention;

/// <summary>
/// Keys and values of sequences that grow token by token: [rows · capacity, key heads, width] for each block. A row's tokens stand at the front of its places.
/// </summary>
internal sealed class SequenceCache : IDisposable
{
    private readonly Tensor[] _keys, _values;

    private SequenceCache(Tensor[] keys, Tensor[] values, int[] lengths, int capacity) => (_keys, _values, Lengths, Capacity) = (keys, values, lengths, capacity);

    /// <summary>Tokens of each row so far.</summary>
    public int[] Lengths { get; }

    /// <summary>Places of each row.</summary>
    public int Capacity { get; }

    /// <summary>Room for rows whose first tokens one packed pass has recorded.</summary>
    /// <param name="recorded">Keys and values of all tokens in packed order.</param>
    /// <param name="layers">The number of blocks.</param>
    /// <param name="rows">For each row its first packed token and its length.</param>
    /// <param name="capacity">The most tokens of a row.</param>
    public static SequenceCache Start(KeyValues recorded, int layers, IReadOnlyList<(int First, int Length)> rows, int capacity)
    {
        using var scope = NewDisposeScope();
        var from = tensor(rows.SelectMany(row => Enumerable.Range(row.First, row.Length).Select(t => (long)t)).ToArray());
        var to = tensor(rows.SelectMany((row, r) => Enumerable.Range(r * capacity, row.Length).Select(t => (long)t)).ToArray());
        Tensor Room(Tensor filled)
        {
            var room = zeros([rows.Count * capacity, filled.shape[1], filled.shape[2]], filled.dtype);
            room.index_copy_(0, to, filled.index_select(0, from));
            return room.DetachFromDisposeScope();
        }
        return new SequenceCache([.. Enumerable.Range(0, layers).Select(layer => Room(recorded.Keys(layer)))],
            [.. Enumerable.Range(0, layers).Select(layer => Room(recorded.Values(layer)))], [.. rows.Select(row => row.Length)], capacity);
    }

    /// <summary>A cache of chosen rows of this one, in a new order; rows may repeat.</summary>
    public SequenceCache Select(int[] rows)
    {
        using var scope = NewDisposeScope();
        var chosen = tensor(Array.ConvertAll(rows, row => (long)row));
        Tensor Pick(Tensor all) => all.view(Lengths.Length, Capacity, all.shape[1], all.shape[2]).index_select(0, chosen)
            .view((long)rows.Length * Capacity, all.shape[1], all.shape[2]).DetachFromDisposeScope();
        return new SequenceCache([.. _keys.Select(Pick)], [.. _values.Select(Pick)], Array.ConvertAll(rows, row => Lengths[row]), Capacity);
    }

    /// <summary>Puts one token's keys and values [rows, key heads, width] behind each row and gives all of them, [rows, capacity, key heads, width].</summary>
    public (Tensor Keys, Tensor Values) Put(int layer, Tensor places, Tensor k, Tensor v, int longest)
    {
        Tensor Written(Tensor all, Tensor added)
        {
            if (Lengths.Length == 1) all.narrow(0, Lengths[0], 1).copy_(added);
            else all.index_copy_(0, places, added);
            return all.view(Lengths.Length, Capacity, all.shape[1], all.shape[2]).narrow(1, 0, longest);
        }
        return (Written(_keys[layer], k), Written(_values[layer], v));
    }

    /// <summary>The number format of keys and values.</summary>
    public ScalarType Type => _keys[0].dtype;

    /// <summary>Bytes of a block's keys.</summary>
    public long ByteLength => _keys[0].numel() * _keys[0].element_size();

    /// <summary>The memory of a block's keys and of its values.</summary>
    public void Memory(int layer, out Span<byte> keys, out Span<byte> values)
    {
        keys = _keys[layer].bytes;
        values = _values[layer].bytes;
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values)) tensor.Dispose();
    }
}

/// <summary>One further token for each row of a cache: it sees all tokens of its row.</summary>
internal sealed class CacheAttention : AttentionPlan
{
    /// <summary>Multiplications of keys in a block up to which one thread is done before libtorch's threads have begun.</summary>
    private const long FewTokensWork = 1 << 20;

    private readonly SequenceCache _cache;
    private readonly int _longest;
    private Tensor? _places;

    public CacheAttention(SequenceCache cache)
    {
        _cache = cache;
        _longest = cache.Lengths.Max() + 1;
    }

    /// <summary>Where the new token of each row goes.</summary>
    private Tensor Places => _places ??= tensor(_cache.Lengths.Select((length, row) => (long)row * _cache.Capacity + length).ToArray()).DetachFromDisposeScope();

    /// <inheritdoc/>
    public override Tensor?[] Masks(int queriesPerKey, AttentionWindow? window = null, Func<Tensor, Tensor>? bias = null)
    {
        if (window is not null && _longest <= window.Back + 1) window = null; // nobody reaches its end
        if (window is null && bias is null && _cache.Lengths.All(length => length + 1 == _longest)) return [null];
        var keys = arange(_longest, ScalarType.Int64).view(1, 1, _longest);
        var queries = tensor(_cache.Lengths.Select(length => (long)length).ToArray()).view(-1, 1, 1);
        var distances = keys - queries; // [rows, 1, longest]
        return [Mask(distances <= 0, () => distances, queriesPerKey, window, bias)];
    }

    /// <inheritdoc/>
    public override Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor?[] masks, double? scale = null)
    {
        var (keys, values) = _cache.Put(layer, Places, k, v, _longest);
        // With one query a row, the heads that share a key head are its queries as they lie.
        long heads = q.shape[1], width = q.shape[2], keyHeads = k.shape[1];
        var context = Scripts.Attention(q.view(-1, keyHeads, heads / keyHeads, width), keys.transpose(1, 2), values.transpose(1, 2), masks[0]?.to(q.dtype), scale: scale);
        return context.reshape(-1, heads * width);
    }

    /// <summary>Whether the attention of one block is so little work that plain floats are the faster way.</summary>
    /// <param name="width">Width of all heads.</param>
    public bool SuitsFewTokens(int width) =>
        (long)_cache.Lengths.Length * _longest * width <= FewTokensWork && FloatStore.Bytes(_cache.Type) > 0 && _cache.ByteLength <= int.MaxValue;

    /// <summary>The attention of one block on plain floats; keys and values go behind each row.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="qkv">Queries, keys and values of each row's token, [rows, heads + 2 · key heads, width]; queries are scaled.</param>
    /// <param name="context">[rows, heads, width].</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="keyHeads">Heads of keys and values.</param>
    /// <param name="window">How far a token looks; null for everywhere.</param>
    public void Attend(int layer, Span<float> qkv, Span<float> context, int heads, int keyHeads, AttentionWindow? window)
    {
        _cache.Memory(layer, out var keys, out var values);
        var rows = _cache.Lengths.Length;
        int size = qkv.Length / rows, width = size / (heads + 2 * keyHeads), stored = keyHeads * width * FloatStore.Bytes(_cache.Type);
        for (var row = 0; row < rows; row++)
        {
            var token = qkv.Slice(row * size, size);
            int length = _cache.Lengths[row], place = row * _cache.Capacity;
            FloatStore.Write(token.Slice(heads * width, keyHeads * width), keys[((place + length) * stored)..], _cache.Type);
            FloatStore.Write(token[((heads + keyHeads) * width)..], values[((place + length) * stored)..], _cache.Type);
            var first = window is null ? 0 : Math.Max(0, length - window.Back);
            var seen = new SeenTokens(keys[((place + first) * stored)..((place + length + 1) * stored)], values[((place + first) * stored)..((place + length + 1) * stored)], keyHeads, width, _cache.Type);
            var queries = token[..(heads * width)];
            TensorPrimitives.Multiply(queries, 1 / MathF.Sqrt(width), queries);
            var mixed = context.Slice(row * heads * width, heads * width);
            int shared = heads / keyHeads * width;
            for (var head = 0; head < keyHeads; head++) seen.Attend(head, queries.Slice(head * shared, shared), mixed.Slice(head * shared, shared));
        }
    }

    /// <summary>Counts the token that the pass has put behind each row.</summary>
    public void Advance()
    {
        for (var row = 0; row < _cache.Lengths.Length; row++) _cache.Lengths[row]++;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _places?.Dispose();
    }
}
