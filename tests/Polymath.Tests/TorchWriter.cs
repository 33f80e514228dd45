using System.Buffers.Binary;
using System.Text;

namespace Polymath.Tests;

/// <summary>
/// Writes files as <c>torch.save</c> does, byte by byte: a pickle of protocol 2 and a zip file without compression. Every part can be
/// written wrong on purpose.
/// </summary>
internal sealed class TorchWriter
{
    private readonly List<byte> _pickle = [0x80, 2];
    private readonly List<(string Name, byte[] Bytes)> _storages = [];

    /// <summary>Begins an OrderedDict and its group of entries.</summary>
    public TorchWriter Begin() => Global("collections", "OrderedDict").Raw(")R(");

    /// <summary>Ends the group and the pickle.</summary>
    public TorchWriter End() => Raw("u.");

    public TorchWriter Raw(string instructions) => Raw(Encoding.Latin1.GetBytes(instructions));

    public TorchWriter Raw(params byte[] bytes)
    {
        _pickle.AddRange(bytes);
        return this;
    }

    public TorchWriter Global(string module, string name) => Raw($"c{module}\n{name}\n");

    public TorchWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Raw("X").Raw(BitConverter.GetBytes(bytes.Length)).Raw(bytes);
    }

    public TorchWriter Number(long number) => Raw(0x8a, 8).Raw(BitConverter.GetBytes(number));

    public TorchWriter Tuple(params long[] numbers)
    {
        Raw("(");
        foreach (var number in numbers) Number(number);
        return Raw("t");
    }

    /// <summary>An entry of the dictionary: a view of a storage.</summary>
    public TorchWriter Tensor(string name, string storage, string type, long count, long offset, long[] shape, long[] strides) =>
        Text(name).View(storage, type, count, offset, shape, strides);

    /// <summary>A tensor without a name before it.</summary>
    public TorchWriter View(string storage, string type, long count, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Raw("((").Text("storage").Global("torch", type).Text(storage).Text("cpu").Number(count).Raw("tQ")
            .Number(offset).Tuple(shape).Tuple(strides).Raw(0x89).Global("collections", "OrderedDict").Raw(")RtR");

    public TorchWriter Storage(string key, Array values)
    {
        var bytes = new byte[Buffer.ByteLength(values)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        _storages.Add((key, bytes));
        return this;
    }

    /// <summary>The whole file.</summary>
    public byte[] File(string byteOrder = "little", bool wide = false) =>
        Zip([("archive/data.pkl", [.. _pickle]), ("archive/byteorder", Encoding.ASCII.GetBytes(byteOrder)), .. _storages.Select(storage => ($"archive/data/{storage.Name}", storage.Bytes)), ("archive/version", "3\n"u8.ToArray())], wide);

    /// <summary>A file with several element types, views, a shared storage and an empty tensor.</summary>
    public static byte[] Small(bool wide = false) => new TorchWriter().Begin()
        .Tensor("weight", "0", "FloatStorage", 6, 0, [2, 3], [3, 1]).Tensor("tied", "0", "FloatStorage", 6, 0, [2, 3], [3, 1]).Tensor("turned", "0", "FloatStorage", 6, 0, [3, 2], [1, 3])
        .Tensor("part", "0", "FloatStorage", 6, 1, [2, 2], [3, 1]).Tensor("labels", "1", "LongStorage", 2, 0, [2], [1]).Tensor("half", "2", "HalfStorage", 3, 2, [], [])
        .Tensor("flags", "3", "BoolStorage", 4, 0, [4, 1], [1, 1]).Tensor("none", "4", "FloatStorage", 0, 0, [0, 5], [5, 1]).End()
        .Storage("0", new float[] { 0, 1, 2, 3, 4, 5 }).Storage("1", new long[] { 7, -8 }).Storage("2", new ushort[] { 0x3c00, 0x4000, 0x4200 }).Storage("3", new byte[] { 1, 0, 1, 1 }).Storage("4", Array.Empty<float>()).File(wide: wide);

    /// <summary>The same zip file with another pickle.</summary>
    public static byte[] WithPickle(byte[] file, Func<byte[], byte[]> change)
    {
        var entries = new List<(string, byte[])>();
        for (var at = 0; BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at)) == 0x04034b50;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 18)), name = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 26)), extra = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 28));
            var bytes = file.AsSpan(at + 30 + name + extra, length).ToArray();
            entries.Add((Encoding.UTF8.GetString(file, at + 30, name), entries.Count == 0 ? change(bytes) : bytes));
            at += 30 + name + extra + length;
        }
        return Zip(entries, wide: false);
    }

    /// <summary>A zip file; <paramref name="wide"/> writes sizes and places in their 64-bit form, as for files above 4 GiB.</summary>
    public static byte[] Zip(IReadOnlyList<(string Name, byte[] Bytes)> entries, bool wide)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        using var table = new MemoryStream();
        using var rows = new BinaryWriter(table);
        foreach (var (name, bytes) in entries)
        {
            var utf8 = Encoding.UTF8.GetBytes(name);
            long at = stream.Position;
            var padding = (int)((64 - (at + 30 + utf8.Length + 4) % 64) % 64); // data begin at multiples of 64, as torch aligns them
            writer.Write(0x04034b50u);
            writer.Write(new byte[14]);
            writer.Write(bytes.Length);
            writer.Write(bytes.Length);
            writer.Write((ushort)utf8.Length);
            writer.Write((ushort)(padding + 4));
            writer.Write(utf8);
            writer.Write("FB"u8);
            writer.Write((ushort)padding);
            writer.Write(new byte[padding]);
            writer.Write(bytes);
            rows.Write(0x02014b50u);
            rows.Write(new byte[16]);
            rows.Write(wide ? uint.MaxValue : (uint)bytes.Length);
            rows.Write(wide ? uint.MaxValue : (uint)bytes.Length);
            rows.Write((ushort)utf8.Length);
            rows.Write((ushort)(wide ? 28 : 0));
            rows.Write(new byte[10]);
            rows.Write(wide ? uint.MaxValue : (uint)at);
            rows.Write(utf8);
            if (!wide) continue;
            rows.Write((ushort)1);
            rows.Write((ushort)24);
            rows.Write((long)bytes.Length);
            rows.Write((long)bytes.Length);
            rows.Write(at);
        }
        long begin = stream.Position;
        writer.Write(table.ToArray());
        if (wide)
        {
            long end64 = stream.Position;
            writer.Write(0x06064b50u);
            writer.Write(44L);
            writer.Write(new byte[12]);
            writer.Write((long)entries.Count);
            writer.Write((long)entries.Count);
            writer.Write(table.Length);
            writer.Write(begin);
            writer.Write(0x07064b50u);
            writer.Write(0);
            writer.Write(end64);
            writer.Write(1);
        }
        writer.Write(0x06054b50u);
        writer.Write(0);
        writer.Write((ushort)(wide ? ushort.MaxValue : entries.Count));
        writer.Write((ushort)(wide ? ushort.MaxValue : entries.Count));
        writer.Write(wide ? uint.MaxValue : (uint)table.Length);
        writer.Write(wide ? uint.MaxValue : (uint)begin);
        writer.Write((ushort)0);
        return stream.ToArray();
    }
}
