using System.Runtime.InteropServices;

namespace Polymath.Checkpoints;

/// <summary>A tensor as plain bytes, for writing without torch.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DType">The element type as the safetensors format spells it.</param>
/// <param name="Shape">The dimensions, outermost first; empty for a scalar.</param>
/// <param name="Bytes">The elements, row-major and little-endian.</param>
public sealed record StoredTensor(string Name, string DType, long[] Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A tensor of F32 from a flat row-major array; the shape defaults to the array's length.</summary>
    public static StoredTensor Of(string name, float[] values, params long[] shape) => Of(name, "F32", values, shape);

    /// <summary>A tensor of F64 from a flat row-major array; the shape defaults to the array's length.</summary>
    public static StoredTensor Of(string name, double[] values, params long[] shape) => Of(name, "F64", values, shape);

    /// <summary>A tensor of I64 from a flat row-major array; the shape defaults to the array's length.</summary>
    public static StoredTensor Of(string name, long[] values, params long[] shape) => Of(name, "I64", values, shape);

    private static StoredTensor Of<T>(string name, string dtype, T[] values, long[] shape) where T : struct =>
        new(name, dtype, shape.Length == 0 ? [values.Length] : shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
