using System.Text;
using System.Text.Unicode;

namespace Polymath.Tasks;

/// <summary>Checks raw bytes of a record before they become text: decoding would hide what is wrong with them.</summary>
internal static class DataBytes
{
    /// <summary>Null for sound UTF-8 without NUL bytes; else where (line and byte, both from 1) and what.</summary>
    /// <param name="bytes">One record, which may span several lines.</param>
    /// <param name="line">The line on which it starts.</param>
    /// <param name="skip">Bytes of the first line that come before the record, such as a byte-order mark.</param>
    public static (string Where, string What)? Fault(ReadOnlySpan<byte> bytes, long line, int skip = 0)
    {
        var nul = bytes.IndexOf((byte)0);
        if (nul < 0 && Utf8.IsValid(bytes)) return null;
        var invalid = FirstInvalid(bytes);
        var at = nul >= 0 && (invalid < 0 || nul < invalid) ? nul : invalid;
        var before = bytes[..at];
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        var where = $"line {line + before.Count((byte)'\n')}, byte {at - lineStart + 1 + (lineStart == 0 ? skip : 0)}";
        return bytes[at] == 0
            ? (where, "a NUL byte; expected UTF-8 text (is this a binary or UTF-16 file?)")
            : (where, $"invalid UTF-8 (0x{bytes[at]:X2}); expected UTF-8 text; save the file as UTF-8");
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) != System.Buffers.OperationStatus.Done) return at;
            at += length;
        }
        return -1;
    }
}
