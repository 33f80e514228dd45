using System.Globalization;
using System.Text;

namespace Polymath.Text.Normalizers;

/// <summary>
/// sentencepiece's own normalization, from the character map in its files. A cluster (extended grapheme cluster of Unicode Standard
/// Annex 29) under six bytes is looked up as a whole, and the shortest key that it starts with replaces all of it; longer ones go
/// character by character. That loses some accents, but models are trained with it.
/// </summary>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private const int ShortCluster = 6;

    private readonly CharacterMap _map;
    private readonly bool[] _ascii = new bool[128];

    /// <exception cref="PolymathException">The map is broken.</exception>
    internal PrecompiledNormalizer(ReadOnlySpan<byte> map, string source)
    {
        _map = CharacterMap.Read(map, source);
        for (var c = (char)0; c < 128; c++) _ascii[c] = _map.TryFind([c], out _);
    }

    internal override AlignedText Apply(AlignedText text)
    {
        var chars = text.Chars;
        if (IsPlain(chars)) return text;
        var steps = new List<(int CodePoint, int Change)>(chars.Length + 16);
        var modified = false;
        for (var at = 0; at < chars.Length;)
        {
            var length = ClusterLength(chars[at..]);
            modified |= Rewrite(chars.Slice(at, length), steps);
            AlignedText.Check(steps.Count);
            at += length;
        }
        return modified ? text.Rewritten(steps) : text;
    }

    /// <summary>Whether the text is ASCII that the map leaves alone.</summary>
    private bool IsPlain(ReadOnlySpan<char> chars)
    {
        foreach (var c in chars)
        {
            if (c >= _ascii.Length || _ascii[c]) return false;
        }
        return true;
    }

    private static int ClusterLength(ReadOnlySpan<char> rest)
    {
        // ASCII before ASCII stands alone, save for CR LF.
        if (rest.Length == 1 || (rest[0] < 0x80 && rest[1] < 0x80 && rest[0] != '\r')) return 1;
        return StringInfo.GetNextTextElementLength(rest);
    }

    private bool Rewrite(ReadOnlySpan<char> cluster, List<(int CodePoint, int Change)> steps)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(cluster) < ShortCluster && _map.TryFind(cluster, out var whole))
        {
            Replace(cluster, whole, steps);
            return true;
        }
        var modified = false;
        for (var i = 0; i < cluster.Length;)
        {
            var c = AlignedText.CodePointAt(cluster, i);
            var width = AlignedText.Width(c);
            if (_map.TryFind(cluster.Slice(i, width), out var found))
            {
                Replace(cluster.Slice(i, width), found, steps);
                modified = true;
            }
            else
            {
                steps.Add((c, 0));
            }
            i += width;
        }
        return modified;
    }

    /// <summary>New characters that stand for old ones; those beyond their number are insertions, and old ones that are left over go with the last step before.</summary>
    private static void Replace(ReadOnlySpan<char> old, ReadOnlySpan<byte> replacement, List<(int CodePoint, int Change)> steps)
    {
        var (oldCount, newCount) = (0, 0);
        for (var i = 0; i < old.Length; oldCount++) i += AlignedText.Width(AlignedText.CodePointAt(old, i));
        while (replacement.Length > 0)
        {
            Rune.DecodeFromUtf8(replacement, out var rune, out var consumed);
            steps.Add((rune.Value, newCount++ < oldCount ? 0 : 1));
            replacement = replacement[consumed..];
        }
        if (newCount < oldCount && steps.Count > 0) steps[^1] = (steps[^1].CodePoint, steps[^1].Change + newCount - oldCount);
    }
}
