namespace Polymath.Text.PostProcessors;

/// <summary>Joins the parts of an answer. Where parts have overflow, every piece of one is combined with every piece of the others, in the reference's order.</summary>
internal static class VariantMerger
{
    /// <summary>The answer first, then the overflow.</summary>
    /// <exception cref="PolymathException">There would be too many combinations.</exception>
    internal static List<Encoding> Merge(IReadOnlyList<Encoding[]> parts)
    {
        var count = parts.Aggregate(1L, (product, part) => Math.Min(product * part.Length, int.MaxValue));
        if (count > 1) OptionLimits.CheckOverflow(count, parts.Sum(p => (long)p[0].Length));
        var choices = new List<int[]> { Array.Empty<int>() };
        foreach (var part in parts) choices = Combine(choices, part.Length);
        return [.. choices.Select(choice => Encoding.Concat(choice.Select((variant, part) => parts[part][variant]).ToArray()))];
    }

    private static List<int[]> Combine(List<int[]> left, int variants)
    {
        var combined = new List<int[]> { left[0].Append(0).ToArray() };
        foreach (var overflow in left.Skip(1))
        {
            for (var v = 0; v < variants; v++) combined.Add([.. overflow, v]);
        }
        for (var v = 1; v < variants; v++) combined.Add([.. left[0], v]);
        return combined;
    }
}
