using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>How a task's tensors go to a file and come back; the one place that knows the format.</summary>
internal interface ITensorFile
{
    /// <summary>Writes the arrays to a new file, durably.</summary>
    void Write(string path, IReadOnlyList<NamedArray> arrays, Disk disk);

    /// <summary>Reads all arrays; a damaged file is a <see cref="PolymathException"/> of one line.</summary>
    IReadOnlyList<NamedArray> Read(string path);
}

/// <summary>Float32 arrays as a safetensors file: header length, JSON header, values without holes in the order of the header.</summary>
internal sealed class FloatTensorFile : ITensorFile
{
    private const int MaxHeader = 100_000_000;

    public static FloatTensorFile Instance { get; } = new();

    public void Write(string path, IReadOnlyList<NamedArray> arrays, Disk disk)
    {
        foreach (var array in arrays)
            if (array.Shape.Any(size => size < 0) || Count(array.Shape) != array.Values.Length)
                throw new ArgumentException($"'{array.Name}' has shape [{string.Join(", ", array.Shape)}] and {array.Values.Length} values.", nameof(arrays));
        disk.WriteFile(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            var header = Header(arrays);
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var array in arrays) stream.Write(MemoryMarshal.AsBytes(array.Values.AsSpan()));
        });
    }

    public IReadOnlyList<NamedArray> Read(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path).AsMemory();
            if (bytes.Length < 8) throw Damaged(path, "shorter than its header");
            var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span);
            if (length > MaxHeader || length > (ulong)(bytes.Length - 8)) throw Damaged(path, $"a header of {length} bytes does not fit into the file");
            var data = bytes[(8 + (int)length)..];
            using var header = JsonDocument.Parse(bytes.Slice(8, (int)length), new JsonDocumentOptions { AllowDuplicateProperties = false });
            var arrays = new List<NamedArray>();
            var end = 0L;
            foreach (var entry in header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").OrderBy(Begin))
            {
                arrays.Add(Array(path, entry, data.Span, end));
                end = Begin(entry) + (4L * arrays[^1].Values.Length);
            }
            return end == data.Length ? arrays : throw Damaged(path, $"{data.Length - end} bytes belong to no tensor");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw Damaged(path, "its header is not valid", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be read ({Disk.FirstLine(error)})", error);
        }
    }

    private static NamedArray Array(string path, JsonProperty entry, ReadOnlySpan<byte> data, long expectedBegin)
    {
        if (entry.Value.GetProperty("dtype").GetString() != "F32") throw Damaged(path, $"tensor '{OneLine.Short(entry.Name)}' is not of type F32");
        int[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
        long begin = Begin(entry), end = entry.Value.GetProperty("data_offsets")[1].GetInt64();
        if (begin != expectedBegin || end > data.Length || shape.Any(size => size < 0) || end - begin != checked(4 * Count(shape)))
            throw Damaged(path, $"tensor '{OneLine.Short(entry.Name)}' of shape [{string.Join(", ", shape)}] does not lie where the header says (bytes {begin} to {end} of {data.Length})");
        return new NamedArray(entry.Name, shape, MemoryMarshal.Cast<byte, float>(data[(int)begin..(int)end]).ToArray());
    }

    private static long Begin(JsonProperty entry) => entry.Value.GetProperty("data_offsets")[0].GetInt64();

    private static long Count(int[] shape) => shape.Aggregate(1L, (product, size) => checked(product * size));

    private static byte[] Header(IReadOnlyList<NamedArray> arrays)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            var at = 0L;
            foreach (var array in arrays)
            {
                json.WriteStartObject(array.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (var size in array.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += 4L * array.Values.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Readers may map the values as they are: these begin at a multiple of eight.
        memory.Write(Encoding.ASCII.GetBytes(new string(' ', (8 - ((int)memory.Length % 8)) % 8)));
        return memory.ToArray();
    }

    private static PolymathException Damaged(string path, string what, Exception? cause = null) =>
        new($"{path}: is not a sound safetensors file: {what}; save the task again or go back to an older generation", cause!);
}
