using Polymath.Text.Unicode;

namespace Polymath.Text.Normalizers;

/// <summary>
/// The normalization forms NFC, NFD, NFKC and NFKD (Unicode Standard Annex 15) with the reference's tables and its way of aligning:
/// the parts of a decomposed character share its range, and a composed one has the range of its first part.
/// </summary>
internal sealed class UnicodeNormalizer(bool compose, bool compatibility) : Normalizer
{
    internal override AlignedText Apply(AlignedText text)
    {
        if (!text.Chars.ContainsAnyExceptInRange('\0', '\x7F')) return text;
        var steps = DecomposedSteps(text, compatibility);
        return text.Rewritten(compose ? Composed(steps) : steps);
    }

    internal static AlignedText Decompose(AlignedText text, bool compatibility) =>
        text.Chars.ContainsAnyExceptInRange('\0', '\x7F') ? text.Rewritten(DecomposedSteps(text, compatibility)) : text;

    private static List<(int CodePoint, int Change)> DecomposedSteps(AlignedText text, bool compatibility)
    {
        var steps = new List<(int CodePoint, int Change)>(text.Length + 16);
        var marks = new List<(int Class, int CodePoint, int Change)>();
        Span<int> parts = stackalloc int[32];
        for (var i = 0; i < text.Length;)
        {
            var c = text.CodePointAt(i);
            var count = CodePointMap.Decompose(c, compatibility, parts);
            for (var k = 0; k < count; k++)
            {
                var combining = CodePointMap.CombiningClass(parts[k]);
                var change = k > 0 ? 1 : 0;
                if (combining == 0)
                {
                    Flush(marks, steps);
                    steps.Add((parts[k], change));
                }
                else
                {
                    marks.Add((combining, parts[k], change));
                }
            }
            i += AlignedText.Width(c);
        }
        Flush(marks, steps);
        return steps;
    }

    /// <summary>Writes a run of marks in the canonical order (a stable sort by class).</summary>
    private static void Flush(List<(int Class, int CodePoint, int Change)> marks, List<(int CodePoint, int Change)> steps)
    {
        if (marks.Count == 1) steps.Add((marks[0].CodePoint, marks[0].Change));
        else if (marks.Count > 1) steps.AddRange(marks.OrderBy(m => m.Class).Select(m => (m.CodePoint, m.Change)));
        marks.Clear();
    }

    private static List<(int CodePoint, int Change)> Composed(List<(int CodePoint, int Change)> steps)
    {
        var result = new List<(int CodePoint, int Change)>(steps.Count);
        var starter = -1; // where the last character of class 0 stands in the result
        var lastClass = -1; // class of the last mark kept since then; -1 for none
        foreach (var (c, change) in steps)
        {
            var combining = CodePointMap.CombiningClass(c);
            if (starter >= 0 && lastClass < combining)
            {
                var composed = CodePointMap.Compose(result[starter].CodePoint, c);
                if (composed >= 0)
                {
                    result[starter] = (composed, result[starter].Change + change - 1);
                    continue;
                }
            }
            if (combining == 0) (starter, lastClass) = (result.Count, -1);
            else if (starter >= 0) lastClass = combining;
            result.Add((c, change));
        }
        return result;
    }
}
