using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// Types whose four bits choose from a table of unevenly spaced values. Layouts and table: ggml-org/llama.cpp, <c>ggml/src/ggml-common.h</c>
/// (<c>block_iq4_nl</c>, <c>block_iq4_xs</c>, <c>kvalues_iq4nl</c>).
/// </summary>
internal static class TableBlocks
{
    private static readonly Vector128<byte> Table =
        Vector128.Create((sbyte)-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113).AsByte();

    /// <summary>32 values: d (float16), 16 bytes of halves.</summary>
    public static void IQ4_NL(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[18..], values = values[32..]) Write(blocks, 2, Lanes.Half(blocks, 0), values);
    }

    /// <summary>256 values in groups of 32: d (float16), the high two and then the low four bits of 8 scales, 128 bytes of halves; scale − 32.</summary>
    public static void IQ4_XS(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[136..], values = values[256..])
        {
            var d = Lanes.Half(blocks, 0);
            var high = BinaryPrimitives.ReadUInt16LittleEndian(blocks[2..]);
            for (var group = 0; group < 8; group++)
            {
                var scale = ((blocks[4 + group / 2] >> (4 * (group % 2))) & 0x0F) | (((high >> (2 * group)) & 3) << 4);
                Write(blocks, 8 + 16 * group, d * (scale - 32), values[(32 * group)..]);
            }
        }
    }

    private static void Write(ReadOnlySpan<byte> block, int at, float scale, Span<float> values)
    {
        var halves = Lanes.Load(block, at);
        Lanes.Write(Vector128.Shuffle(Table, Lanes.Low(halves)).AsSByte(), scale, values);
        Lanes.Write(Vector128.Shuffle(Table, Lanes.High(halves)).AsSByte(), scale, values[Lanes.Count..]);
    }
}
