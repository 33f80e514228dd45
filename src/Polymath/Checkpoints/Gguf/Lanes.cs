using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Polymath.Checkpoints.Gguf;

/// <summary>Sixteen small numbers at a time: what all blocks are made of.</summary>
internal static class Lanes
{
    public const int Count = 16;

    /// <summary>scale · q, sixteen values.</summary>
    public static void Write(Vector128<sbyte> q, float scale, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q);
        Write(low, scale, values);
        Write(high, scale, values[8..]);
    }

    /// <summary>scale · q + offset, sixteen values; rounded after the product, as the reference does.</summary>
    public static void Write(Vector128<sbyte> q, float scale, float offset, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q);
        Write(low, scale, offset, values);
        Write(high, scale, offset, values[8..]);
    }

    public static Vector128<byte> Load(ReadOnlySpan<byte> block, int at) => Vector128.Create(block.Slice(at, Count));

    /// <summary>The four low bits of each byte.</summary>
    public static Vector128<byte> Low(Vector128<byte> bytes) => bytes & Vector128.Create((byte)0x0F);

    /// <summary>The four high bits of each byte.</summary>
    public static Vector128<byte> High(Vector128<byte> bytes) => bytes >>> 4;

    /// <summary>The float16 at a place.</summary>
    public static float Half(ReadOnlySpan<byte> block, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);

    private static void Write(Vector128<short> q, float scale, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q);
        var to = MemoryMarshal.Cast<float, Vector128<float>>(values[..8]);
        to[0] = Vector128.ConvertToSingle(low) * scale;
        to[1] = Vector128.ConvertToSingle(high) * scale;
    }

    private static void Write(Vector128<short> q, float scale, float offset, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q);
        var to = MemoryMarshal.Cast<float, Vector128<float>>(values[..8]);
        to[0] = Vector128.ConvertToSingle(low) * scale + Vector128.Create(offset);
        to[1] = Vector128.ConvertToSingle(high) * scale + Vector128.Create(offset);
    }
}
