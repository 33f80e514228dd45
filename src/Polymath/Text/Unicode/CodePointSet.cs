using System.Globalization;

namespace Polymath.Text.Unicode;

/// <summary>Classes a code point can belong to, as the reference tokenizers see them (see <see cref="UnicodeRanges"/>).</summary>
[Flags]
internal enum CodePointClass : ushort
{
    None = 0,
    Punctuation = 1,
    WhiteSpace = 2,
    Removed = 4,
    ToSpace = 8,
    Cjk = 16,
    Letter = 32,
    RegexNumber = 64,
    Numeric = 128,
    NonspacingMark = 256,
}

/// <summary>The classes of every code point in a two-stage table: pages of 256, equal pages stored once.</summary>
internal static class CodePointSet
{
    private static readonly (byte[] Index, ushort[] Pages) Table = Build();

    /// <summary>The classes of a code point (0 to 10FFFF).</summary>
    internal static CodePointClass Of(int codePoint)
    {
        var (index, pages) = Table;
        return (CodePointClass)pages[(index[codePoint >> 8] << 8) | (codePoint & 0xFF)];
    }

    internal static bool Has(int codePoint, CodePointClass wanted) => (Of(codePoint) & wanted) != 0;

    /// <summary>Reads "21-2F 3A" into pairs of first and last.</summary>
    internal static IEnumerable<(int First, int Last)> Ranges(string text)
    {
        foreach (var item in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var dash = item.IndexOf('-');
            var first = Hex(dash < 0 ? item : item.AsSpan(0, dash));
            yield return (first, dash < 0 ? first : Hex(item.AsSpan(dash + 1)));
        }
    }

    internal static int Hex(ReadOnlySpan<char> text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static (byte[] Index, ushort[] Pages) Build()
    {
        var flat = new ushort[0x110000];
        Fill(UnicodeRanges.Punctuation, CodePointClass.Punctuation);
        Fill(UnicodeRanges.WhiteSpace, CodePointClass.WhiteSpace);
        Fill(UnicodeRanges.Removed, CodePointClass.Removed);
        Fill(UnicodeRanges.ToSpace, CodePointClass.ToSpace);
        Fill(UnicodeRanges.Cjk, CodePointClass.Cjk);
        Fill(UnicodeRanges.Letter, CodePointClass.Letter);
        Fill(UnicodeRanges.RegexNumber, CodePointClass.RegexNumber);
        Fill(UnicodeRanges.Numeric, CodePointClass.Numeric);
        Fill(UnicodeRanges.NonspacingMark, CodePointClass.NonspacingMark);

        var index = new byte[0x1100];
        var pages = new List<ushort[]>();
        for (var page = 0; page < index.Length; page++)
        {
            var content = flat.AsSpan(page << 8, 256);
            var known = 0;
            while (known < pages.Count && !content.SequenceEqual(pages[known])) known++;
            if (known == pages.Count) pages.Add(content.ToArray());
            index[page] = checked((byte)known);
        }
        return (index, [.. pages.SelectMany(p => p)]);

        void Fill(string ranges, CodePointClass value)
        {
            foreach (var (first, last) in Ranges(ranges))
            {
                for (var c = first; c <= last; c++) flat[c] |= (ushort)value;
            }
        }
    }
}
