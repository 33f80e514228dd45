using System.Runtime.Intrinsics;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// The K types: blocks of 256 values in groups of 16 or 32 whose scales are themselves small whole numbers, times one float16 a block.
/// Layouts: ggml-org/llama.cpp, <c>ggml/src/ggml-common.h</c> (<c>block_q2_K</c> and the following).
/// </summary>
internal static class SuperBlocks
{
    private const int Length = 256;

    /// <summary>16 bytes of (scale, minimum) halves, 64 bytes of quarters, d, d of the minima.</summary>
    public static void Q2_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[84..], values = values[Length..])
        {
            var (d, minimum) = (Lanes.Half(blocks, 80), Lanes.Half(blocks, 82));
            for (var group = 0; group < 16; group++)
            {
                var q = Quarters(Lanes.Load(blocks, 16 + 32 * (group / 8) + 16 * (group % 2)), group / 2 % 4);
                Lanes.Write(q.AsSByte(), d * (blocks[group] & 0x0F), -(minimum * (blocks[group] >> 4)), values[(group * Lanes.Count)..]);
            }
        }
    }

    /// <summary>The third bits (32 bytes), 64 bytes of quarters, 12 bytes of 16 scales of six bits, d; q − 4 where the third bit is clear.</summary>
    public static void Q3_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[110..], values = values[Length..])
        {
            var d = Lanes.Half(blocks, 108);
            for (var group = 0; group < 16; group++)
            {
                var scale = ((blocks[96 + group % 8] >> (4 * (group / 8))) & 0x0F) | (((blocks[104 + group % 4] >> (2 * (group / 4))) & 3) << 4);
                var q = Quarters(Lanes.Load(blocks, 32 + 32 * (group / 8) + 16 * (group % 2)), group / 2 % 4);
                var third = (Lanes.Load(blocks, 16 * (group % 2)) >>> (group / 2)) & Vector128.Create((byte)1);
                Lanes.Write((q | (third << 2)).AsSByte() - Vector128.Create((sbyte)4), d * (scale - 32), values[(group * Lanes.Count)..]);
            }
        }
    }

    /// <summary>d, d of the minima, 12 bytes of 8 scales and 8 minima of six bits, 128 bytes of halves.</summary>
    public static void Q4_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[144..], values = values[Length..])
        {
            for (var group = 0; group < 8; group++)
            {
                var (scale, offset) = ScaleAndOffset(blocks, group);
                for (var part = 0; part < 2; part++)
                {
                    var halves = Lanes.Load(blocks, 16 + 32 * (group / 2) + 16 * part);
                    var q = group % 2 == 0 ? Lanes.Low(halves) : Lanes.High(halves);
                    Lanes.Write(q.AsSByte(), scale, offset, values[(32 * group + 16 * part)..]);
                }
            }
        }
    }

    /// <summary>As <see cref="Q4_K"/>, with the fifth bits (32 bytes, a bit a group) before the halves.</summary>
    public static void Q5_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[176..], values = values[Length..])
        {
            for (var group = 0; group < 8; group++)
            {
                var (scale, offset) = ScaleAndOffset(blocks, group);
                for (var part = 0; part < 2; part++)
                {
                    var halves = Lanes.Load(blocks, 48 + 32 * (group / 2) + 16 * part);
                    var q = group % 2 == 0 ? Lanes.Low(halves) : Lanes.High(halves);
                    var fifth = (Lanes.Load(blocks, 16 + 16 * part) >>> group) & Vector128.Create((byte)1);
                    Lanes.Write((q | (fifth << 4)).AsSByte(), scale, offset, values[(32 * group + 16 * part)..]);
                }
            }
        }
    }

    /// <summary>128 bytes of halves, 64 bytes of quarters above them, 16 signed scales, d; q − 32.</summary>
    public static void Q6_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[210..], values = values[Length..])
        {
            var d = Lanes.Half(blocks, 208);
            for (var group = 0; group < 16; group++)
            {
                var (half, quarter, part) = (group / 8, group / 2 % 4, group % 2);
                var halves = Lanes.Load(blocks, 64 * half + 32 * (quarter % 2) + 16 * part);
                var low = quarter < 2 ? Lanes.Low(halves) : Lanes.High(halves);
                var high = Quarters(Lanes.Load(blocks, 128 + 32 * half + 16 * part), quarter);
                Lanes.Write((low | (high << 4)).AsSByte() - Vector128.Create((sbyte)32), d * (sbyte)blocks[192 + group], values[(group * Lanes.Count)..]);
            }
        }
    }

    /// <summary>Bits 2·which and 2·which + 1 of each byte.</summary>
    private static Vector128<byte> Quarters(Vector128<byte> bytes, int which) => (bytes >>> (2 * which)) & Vector128.Create((byte)3);

    /// <summary>d · scale and −dmin · minimum of a group: the first four lie in six bits of a byte each, the others in the bits that are left.</summary>
    private static (float Scale, float Offset) ScaleAndOffset(ReadOnlySpan<byte> block, int group)
    {
        int scale, minimum;
        if (group < 4)
        {
            (scale, minimum) = (block[4 + group] & 0x3F, block[8 + group] & 0x3F);
        }
        else
        {
            scale = (block[8 + group] & 0x0F) | ((block[group] >> 2) & 0x30);
            minimum = (block[8 + group] >> 4) | ((block[4 + group] >> 2) & 0x30);
        }
        return (Lanes.Half(block, 0) * scale, -(Lanes.Half(block, 2) * minimum));
    }
}
