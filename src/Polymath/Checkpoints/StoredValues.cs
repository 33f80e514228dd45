using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>Copies a stretch of a tensor's bytes (row-major, little-endian), beginning <paramref name="offset"/> bytes into it.</summary>
internal delegate void CopyBytes(long offset, Span<byte> destination);

/// <summary>From a stored tensor's bytes to numbers, whatever file they come from.</summary>
internal static class StoredValues
{
    private delegate void Conversion<T>(ReadOnlySpan<byte> bytes, Span<T> values);

    /// <summary>A new tensor on the processor, of the stored type and shape.</summary>
    /// <exception cref="PolymathException">torch has no such element type, or there is no memory for it.</exception>
    public static Tensor Read(string path, TensorInfo info, CopyBytes copy)
    {
        var type = StoredTypes.Find(info.DType)!.Torch
            ?? throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(info.Name)} is {info.DType}, which TorchSharp cannot hold; "
                + "convert the file to F32, F16 or BF16");
        Tensor tensor;
        try
        {
            tensor = torch.empty(info.Shape, type, CPU);
        }
        catch (ExternalException error)
        {
            throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(info.Name)} of shape {info.ShapeText} "
                + $"cannot be created ({Native.Disk.FirstLine(error)})", error);
        }
        TensorBytes.ForEachBlock(tensor, (offset, block) => copy(offset, block));
        return tensor;
    }

    /// <summary>F16, BF16, F32 or F64 as a flat row-major array; F64 is rounded to the nearest float.</summary>
    public static float[] Floats(string path, TensorInfo info, CopyBytes copy) => info.DType switch
    {
        "F32" => Convert<float>(path, info, copy, 4, (bytes, values) => bytes.CopyTo(MemoryMarshal.AsBytes(values))),
        "F16" => Convert<float>(path, info, copy, 2, (bytes, values) =>
            Each(MemoryMarshal.Cast<byte, Half>(bytes), values, value => (float)value)),
        "BF16" => Convert<float>(path, info, copy, 2, (bytes, values) => Native.FloatStore.Read(bytes, values, ScalarType.BFloat16)),
        "F64" => Convert<float>(path, info, copy, 8, (bytes, values) =>
            Each(MemoryMarshal.Cast<byte, double>(bytes), values, value => (float)value)),
        _ => throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(info.Name)} is {info.DType}, where F32, F16, BF16 or F64 was expected"),
    };

    /// <summary>Whole numbers (I8 to I64, U8 to U64, BOOL as 0 and 1) as a flat row-major array.</summary>
    public static long[] Integers(string path, TensorInfo info, CopyBytes copy) => info.DType switch
    {
        "I64" => Convert<long>(path, info, copy, 8, (bytes, values) => bytes.CopyTo(MemoryMarshal.AsBytes(values))),
        "I32" => Convert<long>(path, info, copy, 4, (bytes, values) => Each(MemoryMarshal.Cast<byte, int>(bytes), values, value => value)),
        "I16" => Convert<long>(path, info, copy, 2, (bytes, values) => Each(MemoryMarshal.Cast<byte, short>(bytes), values, value => value)),
        "I8" => Convert<long>(path, info, copy, 1, (bytes, values) => Each(MemoryMarshal.Cast<byte, sbyte>(bytes), values, value => value)),
        "U8" => Convert<long>(path, info, copy, 1, (bytes, values) => Each(bytes, values, value => value)),
        "BOOL" => Convert<long>(path, info, copy, 1, (bytes, values) => Each(bytes, values, value => value == 0 ? 0 : 1)),
        "U16" => Convert<long>(path, info, copy, 2, (bytes, values) => Each(MemoryMarshal.Cast<byte, ushort>(bytes), values, value => value)),
        "U32" => Convert<long>(path, info, copy, 4, (bytes, values) => Each(MemoryMarshal.Cast<byte, uint>(bytes), values, value => value)),
        "U64" => Convert<long>(path, info, copy, 8, (bytes, values) => Each(MemoryMarshal.Cast<byte, ulong>(bytes), values, value => value <= long.MaxValue
            ? (long)value
            : throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(info.Name)} holds {value}, which passes 2^63-1"))),
        _ => throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(info.Name)} is {info.DType}, where whole numbers (I64, I32, …) were expected"),
    };

    private static T[] Convert<T>(string path, TensorInfo info, CopyBytes copy, int width, Conversion<T> convert)
    {
        long count = info.ByteLength / width;
        if (count > Array.MaxLength)
            throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(info.Name)} of shape {info.ShapeText} is too long for one array");
        var values = new T[count];
        var buffer = new byte[Math.Min(info.ByteLength, 1 << 16)];
        for (int done = 0; done < count;)
        {
            var part = values.AsSpan(done, (int)Math.Min(buffer.Length / width, count - done));
            var bytes = buffer.AsSpan(0, part.Length * width);
            copy((long)done * width, bytes);
            convert(bytes, part);
            done += part.Length;
        }
        return values;
    }

    private static void Each<TIn, TOut>(ReadOnlySpan<TIn> from, Span<TOut> to, Func<TIn, TOut> convert)
    {
        for (int i = 0; i < from.Length; i++) to[i] = convert(from[i]);
    }
}
