namespace Polymath.Tasks;

/// <summary>
/// Splits a stream into lines of bytes (LF or CR LF, a UTF-8 byte-order mark left out) and keeps no more than one line in memory.
/// A line longer than the limit is read past, and reported as too long.
/// </summary>
internal sealed class DataLineReader(Stream stream, int limit)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start, _end;
    private bool _ended;

    /// <summary>The number of the current line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The current line without its line break; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>Whether the current line is longer than the limit; <see cref="Line"/> is then empty.</summary>
    public bool TooLong { get; private set; }

    /// <summary>Moves to the next line; false at the end of the stream.</summary>
    public bool Read()
    {
        TooLong = false;
        Line = default;
        for (var scanned = 0; ;)
        {
            var at = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                Take(scanned + at, 1);
                return true;
            }
            if (_end - _start > limit)
            {
                TooLong = true;
                _start = _end;
            }
            scanned = _end - _start;
            if (_ended || !Fill())
            {
                if (_start == _end && !TooLong) return false;
                Take(_end - _start, 0);
                return true;
            }
        }
    }

    private void Take(int length, int lineBreak)
    {
        Number++;
        var line = _buffer.AsMemory(_start, length);
        _start += length + lineBreak;
        if (line.Span.EndsWith("\r"u8)) line = line[..^1];
        if (Number == 1 && line.Span is [0xEF, 0xBB, 0xBF, ..]) line = line[3..];
        if (!TooLong) Line = line;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _ended = read == 0;
        return !_ended;
    }
}
