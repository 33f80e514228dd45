using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace Polymath.Checkpoints;

/// <summary>
/// The header of a safetensors file, with every rule of the format checked (huggingface/safetensors, README and
/// <c>safetensors/src/tensor.rs</c>): 8 bytes of length N (little-endian), N bytes of JSON, then the tensors' bytes without holes or
/// overlaps up to the last byte of the file.
/// </summary>
internal sealed record SafetensorsHeader(OrderedDictionary<string, TensorInfo> Tensors, Dictionary<string, string> Metadata, long DataStart)
{
    /// <summary>No header may be longer than this many bytes.</summary>
    public const long MaximumLength = 100_000_000;

    /// <summary>The key under which a header keeps its own strings; no tensor can have this name.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>Reads the header of an open file of <paramref name="fileLength"/> bytes; <paramref name="path"/> serves messages only.</summary>
    /// <exception cref="PolymathException">A rule is broken; names the file, and the tensor where one is to blame.</exception>
    public static SafetensorsHeader Read(Stream file, long fileLength, string path)
    {
        if (fileLength < 8)
            throw Broken(path, $"{fileLength} bytes are too few for a safetensors file, which begins with 8 bytes of header length; download it again");
        Span<byte> prefix = stackalloc byte[8];
        file.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaximumLength)
            throw Broken(path, $"claims a header of {length} bytes, where at most {MaximumLength} are allowed; it is not a safetensors file");
        if ((long)length > fileLength - 8)
            throw Broken(path, $"claims a header of {length} bytes, but only {fileLength - 8} follow; it is cut short or not a safetensors file");
        var json = new byte[length];
        file.ReadExactly(json);
        return Parse(json, fileLength - 8 - (long)length, path);
    }

    private static SafetensorsHeader Parse(byte[] header, long dataLength, string path)
    {
        if (header.Length == 0 || header[0] != (byte)'{') throw Broken(path, "the header does not begin with '{'; it is not a safetensors file");
        var json = header.AsMemory(0, header.AsSpan().LastIndexOfAnyExcept((byte)' ') + 1);
        if (json.Span[^1] != (byte)'}') throw Broken(path, "the header does not end with '}' (only spaces may follow)");
        if (!Utf8.IsValid(json.Span)) throw Broken(path, "the header is not valid UTF-8");
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var entries = new List<TensorInfo>();
            var metadata = new Dictionary<string, string>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals(MetadataKey)) ReadMetadata(property.Value, metadata, path);
                else entries.Add(ReadEntry(property.Name, property.Value, path));
            }
            return new SafetensorsHeader(CheckCoverage(entries, dataLength, path), metadata, 8 + header.Length);
        }
        // InvalidOperationException: an escape in a string that is half of a surrogate pair.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new PolymathException($"{path}: the header is not valid JSON ({Native.Disk.FirstLine(error)})", error);
        }
    }

    private static void ReadMetadata(JsonElement element, Dictionary<string, string> metadata, string path)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Broken(path, $"{MetadataKey} must be an object of strings");
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw Broken(path, $"{MetadataKey} holds {Quote(property.Name)}, whose value is not a string");
            metadata.Add(property.Name, property.Value.GetString()!);
        }
    }

    private static TensorInfo ReadEntry(string name, JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Broken(path, name, "the entry is not an object with dtype, shape and data_offsets");
        if (!element.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String)
            throw Broken(path, name, "dtype is missing or not a string");
        var type = StoredTypes.Find(dtype.GetString()!)
            ?? throw Broken(path, name, $"unknown dtype {Quote(dtype.GetString()!)}, where one of {StoredTypes.Names} was expected");
        long[] shape = ReadNumbers(element, "shape", name, path);
        long[] offsets = ReadNumbers(element, "data_offsets", name, path);
        if (offsets.Length != 2) throw Broken(path, name, $"data_offsets has {offsets.Length} numbers, where two were expected");
        if (offsets[1] < offsets[0]) throw Broken(path, name, $"data_offsets end at {offsets[1]}, before they begin at {offsets[0]}");
        var info = new TensorInfo(name, type.Name, shape, offsets[0], offsets[1]);
        long size = StoredTypes.ByteLength(type, shape)
            ?? throw Broken(path, name, $"shape {info.ShapeText} of {type.Name} is not a whole number of bytes below 2^60");
        if (size != info.ByteLength)
            throw Broken(path, name, $"shape {info.ShapeText} of {type.Name} needs {size} bytes, but data_offsets span {info.ByteLength}");
        return info;
    }

    private static long[] ReadNumbers(JsonElement element, string key, string name, string path)
    {
        if (!element.TryGetProperty(key, out var list) || list.ValueKind != JsonValueKind.Array)
            throw Broken(path, name, $"{key} is missing or not a list");
        var numbers = new long[list.GetArrayLength()];
        int i = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || item.GetRawText()[0] == '-' || !item.TryGetInt64(out numbers[i++]))
                throw Broken(path, name, $"{key} holds {Quote(item.GetRawText())}, where whole numbers from 0 to 2^63-1 were expected");
        }
        return numbers;
    }

    /// <summary>Puts the entries in the order of their bytes and checks that they cover the data exactly.</summary>
    private static OrderedDictionary<string, TensorInfo> CheckCoverage(List<TensorInfo> entries, long dataLength, string path)
    {
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)) is var order and not 0 ? order : string.CompareOrdinal(a.Name, b.Name));
        var tensors = new OrderedDictionary<string, TensorInfo>(entries.Count);
        long end = 0;
        foreach (var entry in entries)
        {
            if (entry.Begin != end)
            {
                string fault = entry.Begin < end ? "tensors overlap" : "there is a hole";
                throw Broken(path, entry.Name, $"its bytes begin at {entry.Begin}, where {end} was expected ({fault})");
            }
            end = entry.End;
            if (end > dataLength)
                throw Broken(path, entry.Name, $"its bytes end at {end}, but only {dataLength} follow the header; the file is cut short, download it again");
            tensors.Add(entry.Name, entry);
        }
        if (end != dataLength) throw Broken(path, $"{dataLength} bytes follow the header, but the tensors cover {end}");
        return tensors;
    }

    private static PolymathException Broken(string path, string what) => new($"{path}: {what}");

    private static PolymathException Broken(string path, string tensor, string what) => new($"{path}: tensor {Quote(tensor)}: {what}");

    /// <summary>Text from a file in quotes, made safe for one line of a message.</summary>
    internal static string Quote(string text) => $"'{OneLine.Short(text)}'";
}
