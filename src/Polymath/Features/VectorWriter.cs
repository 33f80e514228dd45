using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Parquet;
using Parquet.Serialization;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Features;

/// <summary>
/// Writes vectors to a file as they come, in the format that the file's name asks for. Rows go to a temporary file; the file takes its name
/// when everything is there.
/// </summary>
internal abstract class VectorWriter : IDisposable
{
    private readonly string _path;

    private VectorWriter(string path)
    {
        _path = Path.GetFullPath(path);
        Temporary = $"{_path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            Stream = new FileStream(Temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 18);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { throw NotWritable(error); }
    }

    /// <summary>The rows so far.</summary>
    protected FileStream Stream { get; }

    private string Temporary { get; }

    /// <summary>Opens a writer for <c>.npy</c>, <c>.safetensors</c> or <c>.parquet</c>.</summary>
    /// <exception cref="PolymathException">Another ending, or a folder that cannot be written to.</exception>
    public static VectorWriter Create(string path, int width) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".npy" => new Raw(path, width, NpyHeader),
        ".safetensors" => new Raw(path, width, SafetensorsHeader),
        ".parquet" => new Table(path),
        var other => throw new PolymathException($"{path}: the ending '{other}' is not known; expected .npy, .safetensors or .parquet"),
    };

    /// <summary>Adds rows.</summary>
    public void Write(Row[] rows, FeatureMatrix vectors)
    {
        try { Append(rows, vectors); }
        catch (IOException error) { throw NotWritable(error); }
    }

    /// <summary>Completes the file and gives it its name.</summary>
    public void Finish()
    {
        try { Complete(_path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { throw NotWritable(error); }
    }

    /// <summary>Closes and removes the temporary file.</summary>
    public void Dispose()
    {
        Stream.Dispose();
        File.Delete(Temporary);
    }

    protected abstract void Append(Row[] rows, FeatureMatrix vectors);

    protected abstract void Complete(string path);

    private PolymathException NotWritable(Exception error) => new($"{_path}: cannot be written ({Disk.FirstLine(error)}); nothing was changed", error);

    /// <summary>NumPy's format 1.0 (numpy.lib.format): magic, header length, a Python dictionary padded to 64 bytes.</summary>
    private static byte[] NpyHeader(long rows, int width)
    {
        var dictionary = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}";
        var padded = dictionary.PadRight((10 + dictionary.Length + 1 + 63) / 64 * 64 - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)(padded.Length & 255), (byte)(padded.Length >> 8), .. Encoding.ASCII.GetBytes(padded)];
    }

    private static byte[] SafetensorsHeader(long rows, int width)
    {
        var json = $"{{\"vectors\":{{\"dtype\":\"F32\",\"shape\":[{rows},{width}],\"data_offsets\":[0,{rows * width * sizeof(float)}]}}}}";
        json = json.PadRight((json.Length + 7) / 8 * 8);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. Encoding.ASCII.GetBytes(json)];
    }

    /// <summary>A header that states the number of rows, then the values.</summary>
    private sealed class Raw(string path, int width, Func<long, int, byte[]> header) : VectorWriter(path)
    {
        private long _rows;

        protected override void Append(Row[] rows, FeatureMatrix vectors)
        {
            Stream.Write(MemoryMarshal.AsBytes<float>(vectors.Values));
            _rows += rows.Length;
        }

        protected override void Complete(string path) => Disk.Default.WriteFile(path, target =>
        {
            target.Write(header(_rows, width));
            Stream.Position = 0;
            Stream.CopyTo(target, 1 << 20);
        });
    }

    /// <summary>Columns text, pair, label and vector; a row group for each block.</summary>
    private sealed class Table(string path) : VectorWriter(path)
    {
        private bool _begun;

        protected override void Append(Row[] rows, FeatureMatrix vectors)
        {
            var records = rows.Select((row, r) => new Record { Text = row.Text, Pair = row.Pair, Label = row.Label, Vector = [.. vectors.Row(r)] });
            Stream.Position = 0;
            ParquetSerializer.SerializeAsync(records, Stream, new ParquetOptions { Append = _begun }).GetAwaiter().GetResult();
            _begun = true;
        }

        protected override void Complete(string path)
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
            Disk.Default.Rename(Temporary, path);
        }
    }

    /// <summary>One row of a Parquet file.</summary>
    internal sealed class Record
    {
        public string Text { get; set; } = "";

        public string? Pair { get; set; }

        public string? Label { get; set; }

        public List<float> Vector { get; set; } = [];
    }
}
