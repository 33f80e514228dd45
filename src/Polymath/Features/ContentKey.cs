using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Polymath.Features;

/// <summary>
/// Names one row by its content: the first 128 bits of a SHA-256 over its text or token ids. Equal content has equal keys everywhere;
/// that two different rows share a key is not to be expected before some 10¹⁹ rows.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct ContentKey
{
    private readonly ulong _first;
    private readonly ulong _second;

    private ContentKey(ReadOnlySpan<byte> hash)
    {
        _first = MemoryMarshal.Read<ulong>(hash);
        _second = MemoryMarshal.Read<ulong>(hash[sizeof(ulong)..]);
    }

    /// <summary>The number of bytes of a key.</summary>
    public const int Size = 16;

    /// <summary>The key of a row given as bytes (of its token ids, say: <c>MemoryMarshal.AsBytes(ids)</c>).</summary>
    public static ContentKey Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return new ContentKey(hash);
    }

    /// <summary>
    /// The key of a text, or of a pair of texts. The UTF-16 units are hashed as they are and the border between the two is hashed too,
    /// so ("ab", none), ("ab", ""), ("a", "b") and ("", "ab") are four different rows.
    /// </summary>
    public static ContentKey Of(string text, string? pair = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<byte> first = MemoryMarshal.AsBytes(text.AsSpan()), second = MemoryMarshal.AsBytes(pair.AsSpan());
        const int Header = 2 * sizeof(int);
        var length = Header + first.Length + second.Length;
        var content = length <= 1024 ? stackalloc byte[length] : new byte[length];
        MemoryMarshal.Write(content, first.Length);
        MemoryMarshal.Write(content[sizeof(int)..], pair is null ? -1 : second.Length);
        first.CopyTo(content[Header..]);
        second.CopyTo(content[(Header + first.Length)..]);
        return Of(content);
    }

    /// <summary>The key as 32 hexadecimal digits.</summary>
    public override string ToString()
    {
        var key = this;
        return Convert.ToHexStringLower(MemoryMarshal.AsBytes(new ReadOnlySpan<ContentKey>(in key)));
    }
}
