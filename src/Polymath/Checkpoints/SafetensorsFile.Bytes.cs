using System.Runtime.InteropServices;

namespace Polymath.Checkpoints;

public sealed partial class SafetensorsFile
{
    /// <summary>Copies a stretch of a tensor's bytes (row-major, little-endian), beginning <paramref name="offset"/> bytes into it.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The stretch leaves the tensor.</exception>
    public void CopyBytes(string name, long offset, Span<byte> destination) => CopyTo(Info(name), offset, destination);

    /// <summary>A stream over a tensor's bytes (row-major, little-endian), of any length; valid until the file is disposed.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public Stream OpenBytes(string name)
    {
        var info = Info(name);
        return new UnmanagedMemoryStream(_view.SafeMemoryMappedViewHandle, _header.DataStart + info.Begin, info.ByteLength, FileAccess.Read);
    }

    /// <summary>Reads a tensor of F16, BF16, F32 or F64 as a flat row-major array; F64 is rounded to the nearest float.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or it holds no floating-point numbers.</exception>
    public float[] ReadFloats(string name)
    {
        var info = Info(name);
        return info.DType switch
        {
            "F32" => Convert<float>(info, 4, (bytes, values) => bytes.CopyTo(MemoryMarshal.AsBytes(values))),
            "F16" => Convert<float>(info, 2, (bytes, values) =>
                Each(MemoryMarshal.Cast<byte, Half>(bytes), values, value => (float)value)),
            "BF16" => Convert<float>(info, 2, (bytes, values) =>
                Each(MemoryMarshal.Cast<byte, ushort>(bytes), values, value => BitConverter.UInt32BitsToSingle((uint)value << 16))),
            "F64" => Convert<float>(info, 8, (bytes, values) =>
                Each(MemoryMarshal.Cast<byte, double>(bytes), values, value => (float)value)),
            _ => throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(name)} is {info.DType}, where F32, F16, BF16 or F64 was expected"),
        };
    }

    /// <summary>Reads a tensor of whole numbers (I8 to I64, U8 to U64, BOOL as 0 and 1) as a flat row-major array.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, it holds no whole numbers, or one passes 2^63-1.</exception>
    public long[] ReadIntegers(string name)
    {
        var info = Info(name);
        return info.DType switch
        {
            "I64" => Convert<long>(info, 8, (bytes, values) => bytes.CopyTo(MemoryMarshal.AsBytes(values))),
            "I32" => Convert<long>(info, 4, (bytes, values) => Each(MemoryMarshal.Cast<byte, int>(bytes), values, value => value)),
            "I16" => Convert<long>(info, 2, (bytes, values) => Each(MemoryMarshal.Cast<byte, short>(bytes), values, value => value)),
            "I8" => Convert<long>(info, 1, (bytes, values) => Each(MemoryMarshal.Cast<byte, sbyte>(bytes), values, value => value)),
            "U8" => Convert<long>(info, 1, (bytes, values) => Each(bytes, values, value => value)),
            "BOOL" => Convert<long>(info, 1, (bytes, values) => Each(bytes, values, value => value == 0 ? 0 : 1)),
            "U16" => Convert<long>(info, 2, (bytes, values) => Each(MemoryMarshal.Cast<byte, ushort>(bytes), values, value => value)),
            "U32" => Convert<long>(info, 4, (bytes, values) => Each(MemoryMarshal.Cast<byte, uint>(bytes), values, value => value)),
            "U64" => Convert<long>(info, 8, (bytes, values) => Each(MemoryMarshal.Cast<byte, ulong>(bytes), values, value => value <= long.MaxValue
                ? (long)value
                : throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(name)} holds {value}, which passes 2^63-1"))),
            _ => throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(name)} is {info.DType}, where whole numbers (I64, I32, …) were expected"),
        };
    }

    private delegate void Conversion<T>(ReadOnlySpan<byte> bytes, Span<T> values);

    private T[] Convert<T>(TensorInfo info, int width, Conversion<T> convert)
    {
        long count = info.ByteLength / width;
        if (count > Array.MaxLength)
            throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(info.Name)} of shape {info.ShapeText} is too long for one array");
        var values = new T[count];
        var buffer = new byte[Math.Min(info.ByteLength, 1 << 16)];
        for (int done = 0; done < count;)
        {
            var part = values.AsSpan(done, (int)Math.Min(buffer.Length / width, count - done));
            var bytes = buffer.AsSpan(0, part.Length * width);
            CopyTo(info, (long)done * width, bytes);
            convert(bytes, part);
            done += part.Length;
        }
        return values;
    }

    private static void Each<TIn, TOut>(ReadOnlySpan<TIn> from, Span<TOut> to, Func<TIn, TOut> convert)
    {
        for (int i = 0; i < from.Length; i++) to[i] = convert(from[i]);
    }

    private unsafe void CopyTo(TensorInfo info, long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, info.ByteLength - offset);
        byte* mapped = null;
        var handle = _view.SafeMemoryMappedViewHandle;
        // Holds the mapping while copying, even where another thread disposes the file meanwhile.
        handle.AcquirePointer(ref mapped);
        try
        {
            new ReadOnlySpan<byte>(mapped + _view.PointerOffset + _header.DataStart + info.Begin + offset, destination.Length).CopyTo(destination);
        }
        finally
        {
            handle.ReleasePointer();
        }
    }
}
