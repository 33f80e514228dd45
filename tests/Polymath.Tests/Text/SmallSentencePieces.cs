using System.Text;

namespace Polymath.Tests;

/// <summary>Sentencepiece files small enough to read, written byte by byte.</summary>
internal static class SmallSentencePieces
{
    /// <summary>A unigram model with a character map (Ａ to A, ﬁ to fi) that T5's and XLM-RoBERTa's layouts take.</summary>
    public static byte[] Unigram() => File(
        [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("▁", -2, 1), ("a", -3, 1), ("b", -3.5f, 1), ("▁ab", -4, 1), ("A", -5, 1), ("fi", -6, 1), ("<sep>", 0, 4)],
        algorithm: 1, byteFallback: false, CharacterMap(("Ａ", "A"), ("ﬁ", "fi"), ("\t", " "), ("\u00AD", "")), removeExtraSpaces: true);

    /// <summary>A byte-pair model with two byte pieces, for Llama's layout.</summary>
    public static byte[] Bpe() => File(
        [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("<0xC3>", 0, 6), ("<0xA9>", 0, 6), ("ab", 0, 1), ("▁a", -1, 1), ("aba", -2, 1), ("a", -3, 1), ("b", -4, 1), ("▁", -5, 1)],
        algorithm: 2, byteFallback: true, [], removeExtraSpaces: false);

    public static byte[] File((string Text, float Score, int Kind)[] pieces, int algorithm, bool byteFallback, byte[] characterMap, bool removeExtraSpaces)
    {
        var file = new MemoryStream();
        foreach (var (text, score, kind) in pieces)
            Message(file, 1, [.. Bytes(1, Encoding.UTF8.GetBytes(text)), 2 << 3 | 5, .. BitConverter.GetBytes(score), .. Number(3, kind)]);
        Message(file, 2, [.. Number(3, algorithm), .. Number(4, pieces.Length), .. Number(35, byteFallback ? 1 : 0)]);
        Message(file, 3, [.. Bytes(1, "test"u8), .. Bytes(2, characterMap), .. Number(3, 1), .. Number(4, removeExtraSpaces ? 1 : 0)]);
        return file.ToArray();
    }

    /// <summary>A double-array trie, laid out with a block of 256 units for the children of each node, and the replacements behind it.</summary>
    public static byte[] CharacterMap(params (string Key, string Value)[] entries)
    {
        var blocks = new Dictionary<string, int> { [""] = 256 };
        var units = new uint[256 * (2 + entries.Sum(e => Encoding.UTF8.GetByteCount(e.Key)))];
        var texts = new List<byte>();
        units[0] = 256 << 10;
        foreach (var (key, value) in entries)
        {
            var bytes = Encoding.UTF8.GetBytes(key);
            for (var i = 0; i < bytes.Length; i++)
            {
                var at = blocks[Convert.ToHexString(bytes[..i])] ^ bytes[i];
                var name = Convert.ToHexString(bytes[..(i + 1)]);
                if (!blocks.TryGetValue(name, out var block)) blocks[name] = block = 256 * (blocks.Count + 1);
                units[at] = bytes[i] | (units[at] & 0x100) | (uint)(at ^ block) << 10;
                if (i < bytes.Length - 1) continue;
                units[at] |= 0x100;
                units[block] = 0x80000000 | (uint)texts.Count;
            }
            texts.AddRange([.. Encoding.UTF8.GetBytes(value), 0]);
        }
        return [.. BitConverter.GetBytes(4 * units.Length), .. units.SelectMany(BitConverter.GetBytes), .. texts];
    }

    /// <summary>The smallest map: U+0001 becomes A.</summary>
    public static byte[] TinyCharacterMap()
    {
        var units = new uint[17];
        (units[0], units[9], units[16]) = (8 << 10, 1 | 0x100 | (9 ^ 16) << 10, 0x80000000);
        return [.. BitConverter.GetBytes(4 * units.Length), .. units.SelectMany(BitConverter.GetBytes), (byte)'A', 0];
    }

    private static void Message(MemoryStream file, int field, byte[] content) => file.Write(Bytes(field, content));

    private static byte[] Bytes(int field, ReadOnlySpan<byte> content) => [.. Varint(field << 3 | 2), .. Varint(content.Length), .. content];

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static List<byte> Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return bytes;
    }
}
