using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Polymath.Native;

/// <summary>Floats to and from the memory of tensors of float32 or bfloat16.</summary>
internal static class FloatStore
{
    private const ushort NotANumber = 0x7FC0;

    /// <summary>Bytes of a value; 0 for other types, which have no plain form here.</summary>
    public static int Bytes(ScalarType type) => type switch { ScalarType.Float32 => 4, ScalarType.BFloat16 => 2, _ => 0 };

    /// <summary>Reads as many values as <paramref name="values"/> holds.</summary>
    public static void Read(ReadOnlySpan<byte> stored, Span<float> values, ScalarType type)
    {
        if (type == ScalarType.Float32) stored[..(4 * values.Length)].CopyTo(MemoryMarshal.AsBytes(values));
        else Widen(MemoryMarshal.Cast<byte, ushort>(stored)[..values.Length], values);
    }

    /// <summary>Writes all values; bfloat16 takes the nearest, ties to even.</summary>
    public static void Write(ReadOnlySpan<float> values, Span<byte> stored, ScalarType type)
    {
        if (type == ScalarType.Float32) MemoryMarshal.AsBytes(values).CopyTo(stored);
        else Narrow(values, MemoryMarshal.Cast<byte, ushort>(stored)[..values.Length]);
    }

    private static void Widen(ReadOnlySpan<ushort> halves, Span<float> values)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0, step = Vector<ushort>.Count, half = Vector<uint>.Count;
        for (; i + step <= halves.Length; i += step)
        {
            Vector.Widen(new Vector<ushort>(halves[i..]), out var low, out var high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + half)..]);
        }
        for (; i < halves.Length; i++) bits[i] = (uint)halves[i] << 16;
    }

    private static void Narrow(ReadOnlySpan<float> values, Span<ushort> halves)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0, step = Vector<ushort>.Count, half = Vector<uint>.Count;
        for (; i + step <= values.Length; i += step)
            Vector.Narrow(Nearest(new Vector<uint>(bits[i..])), Nearest(new Vector<uint>(bits[(i + half)..]))).CopyTo(halves[i..]);
        for (; i < values.Length; i++) halves[i] = float.IsNaN(values[i]) ? NotANumber : (ushort)((bits[i] + 0x7FFF + ((bits[i] >> 16) & 1)) >> 16);
    }

    private static Vector<uint> Nearest(Vector<uint> bits)
    {
        var rounded = (bits + new Vector<uint>(0x7FFF) + ((bits >> 16) & Vector<uint>.One)) >> 16;
        var values = Vector.AsVectorSingle(bits);
        return Vector.ConditionalSelect(Vector.AsVectorUInt32(Vector.Equals(values, values)), rounded, new Vector<uint>(NotANumber));
    }
}
