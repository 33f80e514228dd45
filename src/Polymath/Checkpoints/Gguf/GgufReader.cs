using System.Buffers.Binary;
using System.Text;

namespace Polymath.Checkpoints.Gguf;

/// <summary>Reads the head of a GGUF file from front to back; whatever a length or count claims is compared with the bytes that are left first.</summary>
internal sealed class GgufReader(Stream stream, long length, string path)
{
    private const int DeepestList = 4, LongestText = 1 << 28;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    private long Left => length - Position;

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Fill(stackalloc byte[4], what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Fill(stackalloc byte[8], what));

    /// <summary>A number of things of at least <paramref name="leastBytes"/> each.</summary>
    public int Count(string what, int leastBytes)
    {
        var count = UInt64(what);
        if (count > (ulong)(Left / leastBytes)) throw Broken($"{what} claims {count}, but only {Left} bytes follow; the file is cut short or damaged, download it again");
        return count <= (ulong)(Array.MaxLength / leastBytes) ? (int)count : throw Broken($"{what} claims {count}, which is too many");
    }

    public string Text(string what)
    {
        var bytes = Count($"the length of {what}", 1);
        if (bytes > LongestText) throw Broken($"{what} is {bytes} bytes long, where at most {LongestText} are read");
        if (bytes <= 256) return Encoding.UTF8.GetString(Fill(stackalloc byte[bytes], what));
        return Encoding.UTF8.GetString(Fill(new byte[bytes], what));
    }

    /// <summary>A value of the metadata: bool, long, ulong (only beyond long), float, double, string or <see cref="GgufArray"/>.</summary>
    public object Value(GgufValueType type, string what) => type switch
    {
        GgufValueType.Text => Text(what),
        GgufValueType.Array => List(what, 1),
        > GgufValueType.Float64 => throw Broken($"{what} is of an unknown type ({(uint)type})"),
        _ => Number(type, Fill(stackalloc byte[type.LeastBytes()], what)),
    };

    /// <summary>A number from its bytes.</summary>
    public static object Number(GgufValueType type, ReadOnlySpan<byte> bytes) => type switch
    {
        GgufValueType.UInt8 => (long)bytes[0],
        GgufValueType.Int8 => (long)(sbyte)bytes[0],
        GgufValueType.Bool => bytes[0] != 0,
        GgufValueType.UInt16 => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        GgufValueType.Int16 => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
        GgufValueType.UInt32 => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        GgufValueType.Int32 => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is var large && large > long.MaxValue ? large : (long)large,
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public PolymathException Broken(string what) => new($"{path}: {what}");

    private GgufArray List(string what, int depth)
    {
        var element = (GgufValueType)UInt32(what);
        if (element > GgufValueType.Float64) throw Broken($"{what} is a list of an unknown type ({(uint)element})");
        if (element == GgufValueType.Array && depth == DeepestList) throw Broken($"{what} is a list of lists more than {DeepestList} deep");
        var count = Count(what, element.LeastBytes());
        if (element is not (GgufValueType.Text or GgufValueType.Array))
            return new GgufArray(element, count, Fill(new byte[count * element.LeastBytes()], what).ToArray(), null, null);
        // Grown while reading: a text of no length costs a file less than its place in an array.
        if (element == GgufValueType.Text)
        {
            var texts = new List<string>();
            for (var i = 0; i < count; i++) texts.Add(Text(what));
            return new GgufArray(element, count, null, [.. texts], null);
        }
        var lists = new List<GgufArray>();
        for (var i = 0; i < count; i++) lists.Add(List(what, depth + 1));
        return new GgufArray(element, count, null, null, [.. lists]);
    }

    private Span<byte> Fill(Span<byte> bytes, string what)
    {
        if (bytes.Length > Left) throw Broken($"ends within {what}; the file is cut short, download it again");
        stream.ReadExactly(bytes);
        Position += bytes.Length;
        return bytes;
    }
}
