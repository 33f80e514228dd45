using System.Runtime.InteropServices;
using Polymath.Backbones;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Features;

/// <summary>Turns the token states of a packed batch into one vector a row, in plain memory.</summary>
internal static class Pooler
{
    /// <summary>Pools one layer of a batch.</summary>
    /// <param name="hidden">Token states [T, H].</param>
    /// <param name="batch">Where the rows are.</param>
    /// <param name="pooling">How.</param>
    /// <param name="place">Where the vector of a caller's row goes; H values.</param>
    public static void Pool(Tensor hidden, PackedBatch batch, IReadOnlyList<Pooling> pooling, RowPlace place)
    {
        using var plain = hidden.dtype == ScalarType.Float32 ? hidden.contiguous() : hidden.to(ScalarType.Float32).contiguous();
        var width = (int)plain.shape[1];
        var values = MemoryMarshal.Cast<byte, float>(plain.bytes);
        for (var packed = 0; packed < batch.Rows; packed++)
        {
            var tokens = values[(batch.Offsets[packed] * width)..(batch.Offsets[packed + 1] * width)];
            for (var p = 0; p < pooling.Count; p++) Pool(tokens, width, pooling[p], place(batch.Order[packed], p));
        }
    }

    /// <summary>The memory for one row's vector under the p-th pooling.</summary>
    internal delegate Span<float> RowPlace(int row, int pooling);

    private static void Pool(ReadOnlySpan<float> tokens, int width, Pooling pooling, Span<float> vector)
    {
        tokens[..width].CopyTo(vector);
        if (pooling == Pooling.Cls) return;
        for (var at = width; at < tokens.Length; at += width)
            if (pooling == Pooling.Max) TensorPrimitives.Max(vector, tokens.Slice(at, width), vector);
            else TensorPrimitives.Add(vector, tokens.Slice(at, width), vector);
        if (pooling == Pooling.Mean) TensorPrimitives.Divide(vector, tokens.Length / width, vector);
    }
}
