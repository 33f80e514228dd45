namespace Polymath.Checkpoints.Gguf;

/// <summary>A tensor of a GGUF file: its type, its shape outermost first, and where in the file its blocks lie.</summary>
internal sealed record GgufTensor(string Name, GgufType Type, long[] Shape, long At, long ByteLength)
{
    /// <summary>Number of values.</summary>
    public long ElementCount => ByteLength / Type.BlockBytes * Type.BlockLength;
}

/// <summary>
/// The head of a GGUF file of version 2 or 3 with every claim checked: magic, version, counts, metadata, tensor descriptions, then (aligned) the
/// tensors' bytes. Format: ggml-org/ggml, <c>docs/gguf.md</c>.
/// </summary>
internal sealed record GgufHeader(GgufMetadata Metadata, OrderedDictionary<string, GgufTensor> Tensors)
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int MostDimensions = 4, DefaultAlignment = 32, LargestAlignment = 1 << 20, LeastPairBytes = 13, LeastTensorBytes = 24;

    /// <exception cref="PolymathException">Something is not as the format wants it; the message names the file, and the tensor or the key.</exception>
    public static GgufHeader Read(Stream file, long length, string path)
    {
        var reader = new GgufReader(file, length, path);
        if (length < 24 || reader.UInt32("the first bytes") != Magic) throw reader.Broken("does not begin with GGUF; it is not a GGUF file");
        var version = reader.UInt32("the version");
        if (version is not (2 or 3))
            throw reader.Broken((version & 0xFFFF) == 0 ? "is big-endian; only little-endian GGUF files are read" : $"is GGUF version {version}; versions 2 and 3 are read, convert the model again");
        var tensors = reader.Count("the number of tensors", LeastTensorBytes);
        var pairs = reader.Count("the number of metadata", LeastPairBytes);
        var values = new Dictionary<string, object>();
        for (var i = 0; i < pairs; i++)
        {
            var key = reader.Text($"the name of metadata {i + 1}");
            var what = $"the metadata {SafetensorsHeader.Quote(key)}";
            if (!values.TryAdd(key, reader.Value((GgufValueType)reader.UInt32(what), what))) throw reader.Broken($"{what} comes twice");
        }
        var metadata = new GgufMetadata(path, values);
        if (metadata.Count("split.count") is > 1 and var parts) throw reader.Broken($"is one of {parts} parts of a split model; join them first (llama-gguf-split --merge)");
        var entries = new List<GgufTensor>();
        for (var i = 0; i < tensors; i++) entries.Add(ReadTensor(reader, i + 1));
        return new GgufHeader(metadata, Place(entries, Alignment(metadata), reader.Position, length, path));
    }

    /// <summary>One description; the place is still counted from where the data begin.</summary>
    private static GgufTensor ReadTensor(GgufReader reader, int number)
    {
        var name = reader.Text($"the name of tensor {number}");
        var what = $"tensor {SafetensorsHeader.Quote(name)}";
        var dimensions = reader.UInt32(what);
        if (dimensions > MostDimensions) throw reader.Broken($"{what}: has {dimensions} dimensions, where at most {MostDimensions} are allowed");
        var shape = new long[dimensions];
        // The file lists the innermost dimension first.
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            var size = reader.UInt64(what);
            shape[d] = size <= int.MaxValue ? (long)size : throw reader.Broken($"{what}: a dimension of {size} is too large");
        }
        var id = reader.UInt32(what);
        var offset = reader.UInt64(what);
        var type = GgufType.Find(id) ?? throw reader.Broken($"{what}: is {GgufType.Describe(id)}; read are {GgufType.Names}; quantise the model again");
        if (offset > long.MaxValue / 2) throw reader.Broken($"{what}: lies at {offset}, beyond the end of the file");
        var row = shape.Length == 0 ? 1 : shape[^1];
        if (row % type.BlockLength != 0) throw reader.Broken($"{what}: rows of {row} values are not whole blocks of {type.Name}, which hold {type.BlockLength}");
        var floats = StoredTypes.ByteLength(StoredTypes.Find("F32")!, shape) ?? throw reader.Broken($"{what}: the shape [{string.Join(", ", shape)}] is too large");
        return new GgufTensor(name, type, shape, (long)offset, floats / 4 / type.BlockLength * type.BlockBytes);
    }

    /// <summary>Puts the tensors at their places in the file: aligned, inside it, and none over another.</summary>
    private static OrderedDictionary<string, GgufTensor> Place(List<GgufTensor> entries, long alignment, long headEnd, long length, string path)
    {
        var start = (headEnd + alignment - 1) / alignment * alignment;
        var tensors = new OrderedDictionary<string, GgufTensor>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.At % alignment != 0) throw Broken(entry, $"lies at {entry.At}, which is not a multiple of the alignment, {alignment}");
            if (entry.ByteLength > length - start - entry.At)
                throw Broken(entry, $"its {entry.ByteLength} bytes begin at {entry.At}, but only {Math.Max(0, length - start)} follow the head; the file is cut short, download it again");
            if (!tensors.TryAdd(entry.Name, entry with { At = start + entry.At })) throw Broken(entry, "comes twice");
        }
        long end = 0;
        foreach (var tensor in tensors.Values.Where(tensor => tensor.ByteLength > 0).OrderBy(tensor => tensor.At))
        {
            if (tensor.At < end) throw Broken(tensor, "overlaps another one");
            end = tensor.At + tensor.ByteLength;
        }
        return tensors;

        PolymathException Broken(GgufTensor tensor, string what) => new($"{path}: tensor {SafetensorsHeader.Quote(tensor.Name)}: {what}");
    }

    private static long Alignment(GgufMetadata metadata)
    {
        const string key = "general.alignment";
        var alignment = metadata.Count(key) ?? DefaultAlignment;
        return int.IsPow2(alignment) && alignment <= LargestAlignment ? alignment : throw metadata.Wrong(key, "a power of two");
    }
}
