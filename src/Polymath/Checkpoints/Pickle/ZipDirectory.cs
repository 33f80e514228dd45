using System.Buffers.Binary;
using System.Text;

namespace Polymath.Checkpoints.Pickle;

/// <summary>Where an entry of a zip file begins and how long it is.</summary>
internal sealed record ZipEntry(string Name, long HeaderAt, long Length, bool IsPlain);

/// <summary>
/// The table of contents of a zip file (PKWARE, APPNOTE.TXT, with the 64-bit extension). Written here because weights are read in place,
/// and the framework's own reader does not tell where an entry's bytes lie.
/// </summary>
internal sealed class ZipDirectory
{
    /// <summary>Neither the table of contents nor an entry that is read whole may be longer; real ones are far below.</summary>
    public const int MaximumLength = 4 << 20;

    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, LocatorSignature = 0x07064b50, EntrySignature = 0x02014b50, HeaderSignature = 0x04034b50;

    private readonly Stream _file;
    private readonly string _path;
    private readonly long _tableAt;
    private readonly Dictionary<string, ZipEntry> _entries = [];

    private ZipDirectory(Stream file, string path)
    {
        (_file, _path) = (file, path);
        (_tableAt, long length) = FindTable();
        if (length < 0 || _tableAt < 0 || _tableAt > file.Length - length) throw Damaged("its table of contents lies outside the file");
        if (length > MaximumLength) throw Damaged($"its table of contents has {length} bytes, where at most {MaximumLength} are allowed");
        ReadTable(Bytes(_tableAt, (int)length));
    }

    /// <summary>The name of the first entry, or null for a zip file without any.</summary>
    public string? First { get; private set; }

    /// <summary>Reads the table of contents.</summary>
    /// <exception cref="PolymathException">It is cut short or damaged.</exception>
    public static ZipDirectory Read(Stream file, string path) => new(file, path);

    public ZipEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Where an entry's bytes begin.</summary>
    /// <exception cref="PolymathException">They are compressed, or lie outside the file.</exception>
    public long DataAt(ZipEntry entry)
    {
        if (!entry.IsPlain) throw Damaged($"{SafetensorsHeader.Quote(entry.Name)} is compressed or encrypted, which PyTorch never writes");
        const int fixedPart = 30;
        if (entry.HeaderAt < 0 || entry.HeaderAt > _tableAt - fixedPart) throw Outside(entry);
        byte[] header = Bytes(entry.HeaderAt, fixedPart);
        if (UInt32(header, 0) != HeaderSignature) throw Damaged($"{SafetensorsHeader.Quote(entry.Name)} is not where the table of contents says");
        long begin = entry.HeaderAt + fixedPart + UInt16(header, 26) + UInt16(header, 28);
        return entry.Length <= _tableAt - begin ? begin : throw Outside(entry);
    }

    /// <summary>All bytes of a small entry.</summary>
    public byte[] ReadAll(ZipEntry entry)
    {
        long begin = DataAt(entry);
        return entry.Length <= MaximumLength ? Bytes(begin, (int)entry.Length)
            : throw Damaged($"{SafetensorsHeader.Quote(entry.Name)} has {entry.Length} bytes, where at most {MaximumLength} are allowed");
    }

    /// <summary>The end record stands last, before a comment of up to 65,535 bytes.</summary>
    private (long At, long Length) FindTable()
    {
        const int fixedPart = 22;
        byte[] tail = Bytes(Math.Max(0, _file.Length - fixedPart - ushort.MaxValue), (int)Math.Min(_file.Length, fixedPart + ushort.MaxValue));
        int at = tail.Length - fixedPart;
        while (at >= 0 && !(UInt32(tail, at) == EndSignature && UInt16(tail, at + 20) == tail.Length - fixedPart - at)) at--;
        if (at < 0) throw Damaged("it begins like a zip file but has no table of contents");
        (long length, long begin) = (UInt32(tail, at + 12), UInt32(tail, at + 16));
        if (UInt16(tail, at + 10) != ushort.MaxValue && length != uint.MaxValue && begin != uint.MaxValue) return (begin, length);
        if (at < 20 || UInt32(tail, at - 20) != LocatorSignature) return (begin, length);
        long end64 = Int64(tail, at - 20 + 8);
        if (end64 < 0 || end64 > _file.Length - 56) throw Damaged("its table of contents lies outside the file");
        byte[] wide = Bytes(end64, 56);
        return UInt32(wide, 0) == End64Signature ? (Int64(wide, 48), Int64(wide, 40)) : throw Damaged("its table of contents is not where it says");
    }

    private void ReadTable(byte[] table)
    {
        const int fixedPart = 46;
        for (int at = 0; at < table.Length;)
        {
            if (table.Length - at < fixedPart || UInt32(table, at) != EntrySignature) throw Damaged("its table of contents is broken");
            int name = UInt16(table, at + 28), extra = UInt16(table, at + 30), comment = UInt16(table, at + 32);
            if (table.Length - at < fixedPart + name + extra + comment) throw Damaged("its table of contents is broken");
            var entry = Entry(table.AsSpan(at, fixedPart), Encoding.UTF8.GetString(table, at + fixedPart, name), table.AsSpan(at + fixedPart + name, extra));
            First ??= entry.Name;
            if (!_entries.TryAdd(entry.Name, entry)) throw Damaged($"{SafetensorsHeader.Quote(entry.Name)} stands in it twice");
            at += fixedPart + name + extra + comment;
        }
    }

    private ZipEntry Entry(ReadOnlySpan<byte> row, string name, ReadOnlySpan<byte> extra)
    {
        long packed = UInt32(row, 20), length = UInt32(row, 24), header = UInt32(row, 42);
        // Numbers that do not fit 32 bits stand in the extra field 1, in this order, only those that are needed.
        for (int at = 0; at + 4 <= extra.Length; at += 4 + UInt16(extra, at + 2))
        {
            if (UInt16(extra, at) != 1) continue;
            var wide = extra.Slice(at + 4, Math.Min(UInt16(extra, at + 2), extra.Length - at - 4));
            length = Widen(length, ref wide, name);
            packed = Widen(packed, ref wide, name);
            header = Widen(header, ref wide, name);
            break;
        }
        bool plain = UInt16(row, 10) == 0 && (UInt16(row, 8) & 1) == 0 && packed == length;
        return new ZipEntry(name, header, length, plain);
    }

    private long Widen(long number, ref ReadOnlySpan<byte> wide, string name)
    {
        if (number != uint.MaxValue) return number;
        if (wide.Length < 8) throw Damaged($"the size of {SafetensorsHeader.Quote(name)} is cut short");
        long value = Int64(wide, 0);
        wide = wide[8..];
        return value >= 0 ? value : throw Damaged($"the size of {SafetensorsHeader.Quote(name)} is negative");
    }

    private byte[] Bytes(long at, int length)
    {
        var bytes = new byte[length];
        _file.Position = at;
        _file.ReadExactly(bytes);
        return bytes;
    }

    private PolymathException Outside(ZipEntry entry) => Damaged($"{SafetensorsHeader.Quote(entry.Name)} lies outside the file");

    private PolymathException Damaged(string what) => new($"{_path}: {what}; the file is cut short or damaged, download it again");

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Int64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
