using System.Buffers.Binary;
using System.Text;

namespace Polymath.Checkpoints.Pickle;

/// <summary>The bytes of a pickle, read in order; all numbers are little-endian unless said otherwise.</summary>
internal sealed class PickleReader(byte[] bytes, string path)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int _at;

    /// <summary>What is wrong, with the place where reading stands.</summary>
    public PolymathException Broken(string what) => new($"{path}: data.pkl, byte {_at}: {what}");

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A two's complement number of so many bytes; no size or offset needs more than eight.</summary>
    public long Long(uint length)
    {
        if (length > 8) throw Broken($"a whole number of {length} bytes, where at most 8 were expected");
        var digits = Take(length);
        long value = length > 0 && digits[^1] >= 0x80 ? -1 : 0;
        for (int i = digits.Length - 1; i >= 0; i--) value = (value << 8) | digits[i];
        return value;
    }

    public string Utf8(ulong length)
    {
        try { return StrictUtf8.GetString(Take(length)); }
        catch (DecoderFallbackException error) { throw new PolymathException(Broken("a text that is not valid UTF-8").Message, error); }
    }

    public string Latin1(ulong length) => Encoding.Latin1.GetString(Take(length));

    /// <summary>A line without its end, as protocol 0 writes names.</summary>
    public string Line()
    {
        int length = bytes.AsSpan(_at).IndexOf((byte)'\n');
        if (length < 0) throw Broken("a name without an end");
        string line = Latin1((ulong)length);
        _at++;
        return line;
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(bytes.Length - _at)) throw Broken($"{length} bytes were expected, but {bytes.Length - _at} follow; the file is damaged");
        var taken = bytes.AsSpan(_at, (int)length);
        _at += (int)length;
        return taken;
    }
}
