using System.Text;

namespace Polymath.Tests;

/// <summary>Writes GGUF files byte by byte, as <c>docs/gguf.md</c> of ggml-org/ggml describes them; every part can be written wrong on purpose.</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, object Value)> _metadata = [];
    private readonly List<(string Name, uint Type, long[] Shape, byte[] Bytes)> _tensors = [];

    public uint Version { get; set; } = 3;

    public int Alignment { get; set; } = 32;

    /// <summary>A value of the metadata: a number, bool, text, or a list of those; its type in the file follows from the type here. Replaces an older one.</summary>
    public GgufBuilder Set(string key, object value)
    {
        _metadata.RemoveAll(pair => pair.Key == key);
        _metadata.Add((key, value));
        return this;
    }

    public GgufBuilder Remove(string key)
    {
        _metadata.RemoveAll(pair => pair.Key == key);
        return this;
    }

    /// <summary>A tensor by its type's number in the file; the shape is outermost first.</summary>
    public GgufBuilder Tensor(string name, uint type, long[] shape, byte[] bytes)
    {
        _tensors.Add((name, type, shape, bytes));
        return this;
    }

    /// <summary>A tensor of float32.</summary>
    public GgufBuilder Tensor(string name, long[] shape, float[] values)
    {
        var bytes = new byte[values.Length * 4];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return Tensor(name, 0, shape, bytes);
    }

    public byte[] Build()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((long)_tensors.Count);
        writer.Write((long)_metadata.Count);
        foreach (var (key, value) in _metadata)
        {
            Text(writer, key);
            writer.Write(TypeOf(value));
            Value(writer, value);
        }
        long offset = 0;
        foreach (var (name, type, shape, bytes) in _tensors)
        {
            Text(writer, name);
            writer.Write(shape.Length);
            foreach (var size in shape.Reverse()) writer.Write(size);
            writer.Write(type);
            writer.Write(offset);
            offset += Aligned(bytes.Length);
        }
        writer.Write(new byte[Aligned(stream.Position) - stream.Position]);
        foreach (var (_, _, _, bytes) in _tensors)
        {
            writer.Write(bytes);
            writer.Write(new byte[Aligned(bytes.Length) - bytes.Length]);
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Writes the file; returns its path.</summary>
    public string Save(string path)
    {
        File.WriteAllBytes(path, Build());
        return path;
    }

    private long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static uint TypeOf(object value) => value switch
    {
        byte => 0,
        sbyte => 1,
        ushort => 2,
        short => 3,
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        ulong => 10,
        long => 11,
        double => 12,
        _ => throw new ArgumentException($"{value.GetType()} is not a type of metadata"),
    };

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case string text: Text(writer, text); break;
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            default:
                var list = ((Array)value).Cast<object>().ToArray();
                writer.Write(list.Length == 0 ? 8 : TypeOf(list[0]));
                writer.Write((long)list.Length);
                foreach (var item in list) Value(writer, item);
                break;
        }
    }

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }
}
