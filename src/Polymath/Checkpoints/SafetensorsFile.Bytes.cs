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
        return _file.OpenBytes(_header.DataStart + info.Begin, info.ByteLength);
    }

    /// <summary>Reads a tensor of F16, BF16, F32 or F64 as a flat row-major array; F64 is rounded to the nearest float.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or it holds no floating-point numbers.</exception>
    public float[] ReadFloats(string name) => StoredValues.Floats(Path, Info(name), Copier(name));

    /// <summary>Reads a tensor of whole numbers (I8 to I64, U8 to U64, BOOL as 0 and 1) as a flat row-major array.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, it holds no whole numbers, or one passes 2^63-1.</exception>
    public long[] ReadIntegers(string name) => StoredValues.Integers(Path, Info(name), Copier(name));

    private CopyBytes Copier(string name)
    {
        var info = Info(name);
        return (offset, destination) => CopyTo(info, offset, destination);
    }

    private void CopyTo(TensorInfo info, long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, info.ByteLength - offset);
        _file.CopyTo(_header.DataStart + info.Begin + offset, destination);
    }
}
