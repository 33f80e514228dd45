using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// Blocks of 32 values with one scale: w = d·q, or with a minimum too: w = d·q + m. The first sixteen values are the low halves of the bytes,
/// the others the high ones. Layouts: ggml-org/llama.cpp, <c>ggml/src/ggml-common.h</c> (<c>block_q4_0</c> and the following).
/// </summary>
internal static class SimpleBlocks
{
    private const int Length = 32;

    /// <summary>d (float16), 16 bytes of halves; q − 8.</summary>
    public static void Q4_0(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[18..], values = values[Length..])
        {
            var scale = Lanes.Half(blocks, 0);
            var halves = Lanes.Load(blocks, 2);
            Lanes.Write(Lanes.Low(halves).AsSByte() - Vector128.Create((sbyte)8), scale, values);
            Lanes.Write(Lanes.High(halves).AsSByte() - Vector128.Create((sbyte)8), scale, values[Lanes.Count..]);
        }
    }

    /// <summary>d and m (float16), 16 bytes of halves.</summary>
    public static void Q4_1(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[20..], values = values[Length..])
        {
            var (scale, minimum) = (Lanes.Half(blocks, 0), Lanes.Half(blocks, 2));
            var halves = Lanes.Load(blocks, 4);
            Lanes.Write(Lanes.Low(halves).AsSByte(), scale, minimum, values);
            Lanes.Write(Lanes.High(halves).AsSByte(), scale, minimum, values[Lanes.Count..]);
        }
    }

    /// <summary>d (float16), the fifth bits (32 of them), 16 bytes of halves; q − 16.</summary>
    public static void Q5_0(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[22..], values = values[Length..])
        {
            var scale = Lanes.Half(blocks, 0);
            var fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]);
            var halves = Lanes.Load(blocks, 6);
            Lanes.Write((Lanes.Low(halves) | Sixteens(fifth)).AsSByte() - Vector128.Create((sbyte)16), scale, values);
            Lanes.Write((Lanes.High(halves) | Sixteens(fifth >> 16)).AsSByte() - Vector128.Create((sbyte)16), scale, values[Lanes.Count..]);
        }
    }

    /// <summary>d and m (float16), the fifth bits (32 of them), 16 bytes of halves.</summary>
    public static void Q5_1(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[24..], values = values[Length..])
        {
            var (scale, minimum) = (Lanes.Half(blocks, 0), Lanes.Half(blocks, 2));
            var fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]);
            var halves = Lanes.Load(blocks, 8);
            Lanes.Write((Lanes.Low(halves) | Sixteens(fifth)).AsSByte(), scale, minimum, values);
            Lanes.Write((Lanes.High(halves) | Sixteens(fifth >> 16)).AsSByte(), scale, minimum, values[Lanes.Count..]);
        }
    }

    /// <summary>d (float16), 32 signed bytes.</summary>
    public static void Q8_0(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[34..], values = values[Length..])
        {
            var scale = Lanes.Half(blocks, 0);
            Lanes.Write(Lanes.Load(blocks, 2).AsSByte(), scale, values);
            Lanes.Write(Lanes.Load(blocks, 18).AsSByte(), scale, values[Lanes.Count..]);
        }
    }

    /// <summary>Sixteen bits as sixteen lanes of 0 or 16.</summary>
    private static Vector128<byte> Sixteens(uint bits)
    {
        var spread = Vector128.Create(Vector64.Create((byte)bits), Vector64.Create((byte)(bits >> 8)));
        var single = Vector128.Create(0x8040_2010_0804_0201ul).AsByte();
        return Vector128.Equals(spread & single, single) & Vector128.Create((byte)16);
    }
}
