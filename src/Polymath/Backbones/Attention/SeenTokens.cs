using System.Runtime.InteropServices;
using Polymath.Native;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Backbones.Attention;

/// <summary>The keys and values that one token sees, in the memory of a cache: [tokens, key heads, width] each.</summary>
internal readonly ref struct SeenTokens(ReadOnlySpan<byte> keys, ReadOnlySpan<byte> values, int keyHeads, int width, ScalarType type)
{
    private readonly ReadOnlySpan<byte> _keys = keys, _values = values;

    private int Count => _keys.Length / (keyHeads * width * FloatStore.Bytes(type));

    /// <summary>softmax(q kᵀ) v of the queries that share a key head.</summary>
    /// <param name="head">The key head.</param>
    /// <param name="queries">[queries, width], scaled.</param>
    /// <param name="context">[queries, width].</param>
    public void Attend(int head, ReadOnlySpan<float> queries, Span<float> context)
    {
        int count = Count, shared = queries.Length / width;
        using var scores = new PooledFloats(shared * count);
        using var widened = new PooledFloats(width);
        for (var token = 0; token < count; token++)
        {
            var key = Vector(_keys, token, head, widened.Span);
            for (var query = 0; query < shared; query++) scores.Span[query * count + token] = TensorPrimitives.Dot(queries.Slice(query * width, width), key);
        }
        for (var query = 0; query < shared; query++)
        {
            var ofQuery = scores.Span.Slice(query * count, count);
            TensorPrimitives.Subtract(ofQuery, TensorPrimitives.Max<float>(ofQuery), ofQuery); // SoftMax alone overflows where scores are large
            TensorPrimitives.SoftMax(ofQuery, ofQuery);
        }
        context.Clear();
        for (var token = 0; token < count; token++)
        {
            var value = Vector(_values, token, head, widened.Span);
            for (var query = 0; query < shared; query++)
            {
                var mixed = context.Slice(query * width, width);
                TensorPrimitives.MultiplyAdd(value, scores.Span[query * count + token], mixed, mixed);
            }
        }
    }

    /// <summary>A token's vector of a head, where it lies or, if it is no float32, widened.</summary>
    private ReadOnlySpan<float> Vector(ReadOnlySpan<byte> all, int token, int head, Span<float> widened)
    {
        var size = width * FloatStore.Bytes(type);
        var stored = all.Slice((token * keyHeads + head) * size, size);
        if (type == ScalarType.Float32) return MemoryMarshal.Cast<byte, float>(stored);
        FloatStore.Read(stored, widened, type);
        return widened;
    }
}
