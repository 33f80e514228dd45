using System.Buffers.Binary;
using System.Text;
using Polymath.Native;
using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>
/// Writes safetensors files, byte for byte as the reference does (huggingface/safetensors, <c>prepare</c> in <c>safetensors/src/tensor.rs</c>):
/// tensors by descending element type, then by name; the header padded with spaces so that data begin at a multiple of 8.
/// The file is complete under its name or not there at all, and one that is mapped is replaced, never changed in place.
/// </summary>
public static class SafetensorsWriter
{
    private const int BlockBytes = 1 << 22;

    /// <summary>Writes tensors of any device and layout; each is copied to the processor on its turn.</summary>
    /// <param name="path">The file to write; an older one is replaced.</param>
    /// <param name="tensors">Names and tensors, in any order.</param>
    /// <param name="metadata">Strings for <c>__metadata__</c>; transformers wants <c>{"format": "pt"}</c> on its own files. Null or empty leaves it out.</param>
    /// <param name="disk">Where to write; the real disk by default.</param>
    /// <exception cref="PolymathException">A name comes twice or cannot be stored, an element type has no place in the format, or the disk refuses.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null, Disk? disk = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Write(path, tensors.Select(pair => Of(path, pair.Key, pair.Value)), metadata, disk);
    }

    /// <summary>Writes plain bytes; see <see cref="StoredTensor"/>.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{KeyValuePair{string, Tensor}}, IReadOnlyDictionary{string, string}?, Disk?)"/>
    public static void Write(string path, IEnumerable<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, Disk? disk = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Write(path, tensors.Select(tensor => Of(path, tensor)), metadata, disk);
    }

    /// <summary>Writes all tensors of a checkpoint, whatever files they come from, one block of bytes after another.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{KeyValuePair{string, Tensor}}, IReadOnlyDictionary{string, string}?, Disk?)"/>
    internal static void Write(string path, Checkpoint checkpoint, IReadOnlyDictionary<string, string>? metadata = null, Disk? disk = null) =>
        Write(path, checkpoint.Names.Select(name =>
        {
            var info = checkpoint.Info(name);
            return new Source(name, Utf8(path, name), StoredTypes.Find(info.DType)!, info.Shape, info.ByteLength, file =>
            {
                using var bytes = checkpoint.OpenBytes(name);
                bytes.CopyTo(file, BlockBytes);
            });
        }), metadata, disk);

    private static void Write(string path, IEnumerable<Source> unordered, IReadOnlyDictionary<string, string>? metadata, Disk? disk)
    {
        Source[] sources = [.. unordered.OrderByDescending(source => source.Type.Order).ThenBy(source => source.Utf8Name, ByteOrder)];
        byte[] header = Header(path, sources, metadata);
        (disk ?? Disk.Default).WriteFile(path, file =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            file.Write(length);
            file.Write(header);
            foreach (var source in sources) source.WriteBytes(file);
        });
    }

    private static byte[] Header(string path, Source[] sources, IReadOnlyDictionary<string, string>? metadata)
    {
        var json = new StringBuilder("{");
        if (metadata is { Count: > 0 })
        {
            json.Append('"').Append(SafetensorsHeader.MetadataKey).Append("\":{");
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                AppendString(json, key).Append(':');
                AppendString(json, value).Append(',');
            }
            json[^1] = '}';
            json.Append(',');
        }
        var names = new HashSet<string>();
        long begin = 0;
        foreach (var source in sources)
        {
            if (!names.Add(source.Name)) throw Refused(path, source.Name, "the name comes twice");
            if (source.Name == SafetensorsHeader.MetadataKey) throw Refused(path, source.Name, "the name is kept for the file's own strings");
            long end = checked(begin + source.ByteLength);
            AppendString(json, source.Name).Append(":{\"dtype\":\"").Append(source.Type.Name).Append("\",\"shape\":[").AppendJoin(',', source.Shape);
            json.Append("],\"data_offsets\":[").Append(begin).Append(',').Append(end).Append("]},");
            begin = end;
        }
        if (json[^1] == ',') json.Length--;
        json.Append('}');
        byte[] bytes = Utf8(path, json.ToString());
        int padded = checked((bytes.Length + 7) / 8 * 8);
        if (padded > SafetensorsHeader.MaximumLength)
            throw new PolymathException($"{path}: the header would have {padded} bytes, where at most {SafetensorsHeader.MaximumLength} are allowed; write several files");
        int used = bytes.Length;
        Array.Resize(ref bytes, padded);
        bytes.AsSpan(used).Fill((byte)' ');
        return bytes;
    }

    /// <summary>Escapes as serde_json does: quotation mark, backslash and control characters only.</summary>
    private static StringBuilder AppendString(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append($"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }
        return json.Append('"');
    }

    private static Source Of(string path, string name, Tensor tensor)
    {
        var type = StoredTypes.Find(tensor.dtype) ?? throw Refused(path, name, $"the format has no place for {tensor.dtype}");
        return new Source(name, Utf8(path, name), type, tensor.shape, tensor.numel() * tensor.element_size(), file =>
        {
            using var scope = NewDisposeScope();
            using var guard = no_grad();
            TensorBytes.ForEachBlock(tensor.detach().cpu().contiguous(), (_, block) => file.Write(block), BlockBytes);
        });
    }

    private static Source Of(string path, StoredTensor tensor)
    {
        var type = StoredTypes.Find(tensor.DType)
            ?? throw Refused(path, tensor.Name, $"unknown dtype '{tensor.DType}', where one of {StoredTypes.Names} was expected");
        long? size = Array.Exists(tensor.Shape, dimension => dimension < 0) ? null : StoredTypes.ByteLength(type, tensor.Shape);
        if (size != tensor.Bytes.Length)
            throw Refused(path, tensor.Name, $"shape [{string.Join(", ", tensor.Shape)}] of {type.Name} does not fit {tensor.Bytes.Length} bytes");
        return new Source(tensor.Name, Utf8(path, tensor.Name), type, tensor.Shape, tensor.Bytes.Length, file =>
        {
            for (int done = 0; done < tensor.Bytes.Length; done += BlockBytes)
                file.Write(tensor.Bytes.Span.Slice(done, Math.Min(BlockBytes, tensor.Bytes.Length - done)));
        });
    }

    private static byte[] Utf8(string path, string text)
    {
        try
        {
            return StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new PolymathException($"{path}: a name or metadata string has half of a surrogate pair and cannot be stored as UTF-8", error);
        }
    }

    private static PolymathException Refused(string path, string name, string what) => new($"{path}: tensor {SafetensorsHeader.Quote(name)} cannot be written: {what}");

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly IComparer<byte[]> ByteOrder = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private sealed record Source(string Name, byte[] Utf8Name, StoredType Type, long[] Shape, long ByteLength, Action<Stream> WriteBytes);
}
