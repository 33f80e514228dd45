using System.Buffers.Binary;

namespace Polymath.Text.Normalizers;

/// <summary>
/// The character map of a sentencepiece file (precompiled_charsmap): the size of a double-array trie in bytes, the trie (units of 32 bits
/// as the library Darts-clone packs them), then the replacements, each ended by a zero byte. A key's value is where its replacement starts.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _texts;

    private CharacterMap(uint[] units, byte[] texts) => (_units, _texts) = (units, texts);

    /// <exception cref="PolymathException">The sizes do not fit.</exception>
    internal static CharacterMap Read(ReadOnlySpan<byte> bytes, string source)
    {
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) is not (> 0 and var size) || size % 4 != 0 || size > bytes.Length - 4)
            throw new PolymathException($"{source}: the character map (precompiled_charsmap) is damaged: its trie does not fit into its {bytes.Length} bytes.");
        var units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + 4 * i)..]);
        return new CharacterMap(units, bytes[(4 + (int)size)..].ToArray());
    }

    /// <summary>The replacement (UTF-8) of the shortest key that the text, a few characters, starts with.</summary>
    internal bool TryFind(ReadOnlySpan<char> text, out ReadOnlySpan<byte> replacement)
    {
        Span<byte> bytes = stackalloc byte[System.Text.Encoding.UTF8.GetMaxByteCount(text.Length)];
        var node = Offset(_units[0]);
        foreach (var b in bytes[..System.Text.Encoding.UTF8.GetBytes(text, bytes)])
        {
            node ^= b;
            if (b == 0 || node >= _units.Length || Label(_units[node]) != b) break;
            var unit = _units[node];
            node ^= Offset(unit);
            if ((unit & 0x100) == 0) continue;
            if (node >= _units.Length) break;
            replacement = TextAt(_units[node] & 0x7FFFFFFF);
            return true;
        }
        replacement = default;
        return false;
    }

    private ReadOnlySpan<byte> TextAt(uint start)
    {
        if (start >= _texts.Length) return default;
        var rest = _texts.AsSpan((int)start);
        var end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    private static uint Label(uint unit) => unit & 0x800000FF;

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
