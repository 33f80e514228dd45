using System.Buffers.Binary;
using System.Text;

namespace Polymath.Text.Reading;

/// <summary>
/// Reads the wire format of protocol buffers: fields one after the other, each a number and a value of one of four kinds. Every length is
/// checked against what is left, so nothing is allocated on a file's word.
/// </summary>
internal ref struct WireReader
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _source;
    private readonly int _offset;
    private int _at;

    /// <param name="bytes">The message.</param>
    /// <param name="source">What error messages call the file.</param>
    /// <param name="offset">Where in the file the message starts.</param>
    internal WireReader(ReadOnlySpan<byte> bytes, string source, int offset = 0)
    {
        _bytes = bytes;
        _source = source;
        _offset = offset;
    }

    /// <summary>The field's number.</summary>
    internal int Field { get; private set; }

    /// <summary>How its value is written: 0 a number, 1 eight bytes, 2 bytes with their length, 5 four bytes.</summary>
    private int Kind { get; set; }

    /// <summary>Moves to the next field; its value must then be read or skipped.</summary>
    internal bool Next()
    {
        if (_at == _bytes.Length) return false;
        var key = Varint();
        (Field, Kind) = ((int)(key >> 3), (int)(key & 7));
        return key is >= 8 and <= uint.MaxValue && Kind is 0 or 1 or 2 or 5 ? true : throw Wrong("no field of a message starts here");
    }

    internal void Skip()
    {
        if (Kind == 0) Varint();
        else if (Kind == 2) Bytes();
        else Take(Kind == 1 ? 8 : 4);
    }

    internal int Int() => Kind == 0 ? unchecked((int)Varint()) : throw Wrong($"field {Field} should be a number");

    internal bool Bool() => Int() != 0;

    internal float Float() => Kind == 5 ? BinaryPrimitives.ReadSingleLittleEndian(Take(4)) : throw Wrong($"field {Field} should be a float");

    internal ReadOnlySpan<byte> Bytes()
    {
        if (Kind != 2) throw Wrong($"field {Field} should have a length");
        var length = Varint();
        return length <= (ulong)(_bytes.Length - _at) ? Take((int)length) : throw Wrong($"field {Field} claims {length} bytes, {_bytes.Length - _at} are left");
    }

    internal string String()
    {
        try
        {
            return Strict.GetString(Bytes());
        }
        catch (DecoderFallbackException e)
        {
            throw new PolymathException($"{_source}: byte {_offset + _at}: the text before here is not valid UTF-8; the file is damaged, fetch it again.", e);
        }
    }

    /// <summary>A message within this one.</summary>
    internal WireReader Message()
    {
        var bytes = Bytes();
        return new WireReader(bytes, _source, _offset + _at - bytes.Length);
    }

    internal readonly PolymathException Wrong(string what) => new($"{_source}: byte {_offset + _at}: {what}; the file is damaged, fetch it again, or it is not a sentencepiece model.");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at) throw Wrong($"field {Field} is cut short");
        _at += count;
        return _bytes.Slice(_at - count, count);
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_at == _bytes.Length) throw Wrong("a number is cut short");
            var b = _bytes[_at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Wrong("a number has more than ten bytes");
    }
}
