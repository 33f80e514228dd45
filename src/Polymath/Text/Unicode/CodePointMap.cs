using System.Globalization;

namespace Polymath.Text.Unicode;

/// <summary>Lower case, decomposition, composition and combining class of a code point, by the reference's tables (see <see cref="UnicodeMappings"/>).</summary>
internal static class CodePointMap
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static readonly Dictionary<int, int> Lower = ReadLowercase();
    private static readonly Dictionary<int, int> Classes = ReadClasses();
    private static readonly Dictionary<(int, int), int> Composed = [];
    private static readonly Dictionary<int, int[]> Canonical = [];
    private static readonly Dictionary<int, int[]> Compatible = [];

    static CodePointMap()
    {
        var steps = new Dictionary<int, int[]>();
        ReadDecompositions(UnicodeMappings.Canonical, steps, Composed);
        foreach (var c in steps.Keys) Canonical[c] = [.. Expand(c, steps)];
        ReadDecompositions(UnicodeMappings.Compatibility, steps, null);
        foreach (var c in steps.Keys) Compatible[c] = [.. Expand(c, steps)];
    }

    /// <summary>Lower case of one code point on its own; U+0130, which becomes two, is the caller's affair.</summary>
    internal static int ToLower(int c)
    {
        if (c < 0x80) return c is >= 'A' and <= 'Z' ? c + 32 : c;
        return Lower.TryGetValue(c, out var lower) ? lower : c;
    }

    /// <summary>Canonical combining class.</summary>
    internal static int CombiningClass(int c) => c < 0x300 ? 0 : Classes.GetValueOrDefault(c);

    /// <summary>Writes the full decomposition of a code point into <paramref name="buffer"/> (18 places suffice) and returns its length; 1 and the code point itself where there is none.</summary>
    internal static int Decompose(int c, bool compatibility, Span<int> buffer)
    {
        buffer[0] = c;
        if (c < 0xA0) return 1;
        var syllable = c - HangulBase;
        if (syllable is >= 0 and < HangulCount)
        {
            buffer[0] = LeadBase + syllable / (VowelCount * TrailCount);
            buffer[1] = VowelBase + syllable % (VowelCount * TrailCount) / TrailCount;
            if (syllable % TrailCount == 0) return 2;
            buffer[2] = TrailBase + syllable % TrailCount;
            return 3;
        }
        if (!(compatibility ? Compatible : Canonical).TryGetValue(c, out var parts)) return 1;
        parts.CopyTo(buffer);
        return parts.Length;
    }

    /// <summary>The code point that two others compose to, or -1.</summary>
    internal static int Compose(int first, int second)
    {
        if (first - LeadBase is >= 0 and < LeadCount && second - VowelBase is >= 0 and < VowelCount)
            return HangulBase + ((first - LeadBase) * VowelCount + (second - VowelBase)) * TrailCount;
        if (first - HangulBase is >= 0 and < HangulCount && (first - HangulBase) % TrailCount == 0 && second - TrailBase is > 0 and < TrailCount)
            return first + (second - TrailBase);
        return second < 0x300 ? -1 : Composed.GetValueOrDefault((first, second), -1);
    }

    private static IEnumerable<int> Expand(int c, Dictionary<int, int[]> steps) =>
        steps.TryGetValue(c, out var parts) ? parts.SelectMany(p => Expand(p, steps)) : [c];

    private static void ReadDecompositions(string text, Dictionary<int, int[]> steps, Dictionary<(int, int), int>? composed)
    {
        foreach (var item in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = item.IndexOf('=');
            var excluded = item[equals + 1] == '!';
            var c = CodePointSet.Hex(item.AsSpan(0, equals));
            var parts = item[(equals + (excluded ? 2 : 1))..].Split('+').Select(p => CodePointSet.Hex(p)).ToArray();
            steps[c] = parts;
            if (!excluded && parts.Length == 2) composed?.Add((parts[0], parts[1]), c);
        }
    }

    private static Dictionary<int, int> ReadLowercase()
    {
        var lower = new Dictionary<int, int>();
        foreach (var item in UnicodeMappings.Lowercase.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = item.IndexOf(':');
            var (range, delta) = (item[..colon], item[(colon + 1)..]);
            var step = range.EndsWith("/2", StringComparison.Ordinal) ? 2 : 1;
            var by = delta[0] == '-' ? -CodePointSet.Hex(delta.AsSpan(1)) : CodePointSet.Hex(delta);
            var (first, last) = CodePointSet.Ranges(step == 2 ? range[..^2] : range).Single();
            for (var c = first; c <= last; c += step) lower[c] = c + by;
        }
        return lower;
    }

    private static Dictionary<int, int> ReadClasses()
    {
        var classes = new Dictionary<int, int>();
        foreach (var item in UnicodeMappings.CombiningClass.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = item.IndexOf('=');
            var (first, last) = CodePointSet.Ranges(item[..equals]).Single();
            for (var c = first; c <= last; c++) classes[c] = int.Parse(item.AsSpan(equals + 1), CultureInfo.InvariantCulture);
        }
        return classes;
    }
}
