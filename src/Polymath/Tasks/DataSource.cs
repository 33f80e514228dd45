using System.IO.Compression;

namespace Polymath.Tasks;

/// <summary>Where a data file's bytes come from: a path, a gzip-compressed path, or standard input, whose beginning can be looked at.</summary>
internal sealed class DataSource
{
    private const int HeadLimit = 1 << 16;
    private readonly string? _path; // null for what can be read only once
    private readonly bool _compressed;
    private Stream? _input;
    private byte[] _head = [];

    public DataSource(string pathOrDash, Stream? standardInput)
    {
        if (pathOrDash == "-")
        {
            _input = standardInput ?? Console.OpenStandardInput();
            Name = "standard input";
            return;
        }
        (_path, Name) = (pathOrDash, pathOrDash);
        if (Directory.Exists(_path)) throw new PolymathException($"{Name}: is a folder; expected a data file (CSV, TSV, JSONL, Parquet or plain lines)");
        if (!File.Exists(_path)) throw new PolymathException($"{Name}: there is no such file");
        _compressed = _path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var opened = Open();
        if (_compressed || opened.CanSeek) opened.Dispose();
        else (_path, _input) = (null, opened); // a named pipe, or the shell's <(…): it gives its bytes once
    }

    /// <summary>Whether the bytes can be had again and again.</summary>
    public bool CanReread => _path is not null;

    public string Name { get; }

    /// <summary>The extension in lower case with its dot, that before <c>.gz</c> where the file is compressed; empty for standard input.</summary>
    public string Extension => _path is null ? "" : Path.GetExtension(_compressed ? Path.GetFileNameWithoutExtension(_path) : _path).ToLowerInvariant();

    /// <summary>The bytes up to the first line break that has something before it; they are read again by <see cref="Open"/>.</summary>
    public byte[] Head()
    {
        if (_path is null) return _head = ReadHead(_input!);
        using var stream = Open();
        try { return ReadHead(stream); }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw new PolymathException($"{Name}: cannot be read ({Native.Disk.FirstLine(error)})", error);
        }
    }

    public Stream Open()
    {
        if (_path is null)
        {
            var input = _input ?? throw new InvalidOperationException("Standard input can be read only once.");
            _input = null;
            return _head.Length == 0 ? input : new Rejoined(_head, input);
        }
        try
        {
            var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
            return _compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{Name}: cannot be opened ({Native.Disk.FirstLine(error)})", error);
        }
    }

    private static byte[] ReadHead(Stream stream)
    {
        var head = new byte[HeadLimit];
        var length = 0;
        // A pipe hands over what it has: reading on after the first line could wait for a writer who waits for us.
        for (int read; length < HeadLimit && !head.AsSpan(0, length).TrimStart("\r\n"u8).Contains((byte)'\n'); length += read)
            if ((read = stream.Read(head, length, HeadLimit - length)) == 0) break;
        return head[..length];
    }

    /// <summary>The bytes already taken from a stream, then the rest of it.</summary>
    private sealed class Rejoined(byte[] head, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_at == head.Length) return rest.Read(buffer);
            var taken = Math.Min(buffer.Length, head.Length - _at);
            head.AsSpan(_at, taken).CopyTo(buffer);
            _at += taken;
            return taken;
        }

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
