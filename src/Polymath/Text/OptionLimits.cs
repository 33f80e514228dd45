namespace Polymath.Text;

/// <summary>What options may ask for.</summary>
internal static class OptionLimits
{
    private const int Longest = 1_000_000;
    private const long MostTokens = 20_000_000;

    /// <summary>Overflow repeats tokens; an absurd stride, or two long texts cut at once, must not fill the memory.</summary>
    /// <exception cref="PolymathException">There would be too many.</exception>
    internal static void CheckOverflow(long pieces, long length)
    {
        if (pieces * Math.Max(1, length) > MostTokens)
            throw new PolymathException($"the overflow would be {pieces} pieces of {length} tokens, more than can be held; use a smaller stride, a larger maximum length, or cut only one of the two texts.");
    }

    /// <exception cref="PolymathException">An option is out of range.</exception>
    internal static void Check(EncodeOptions options)
    {
        Within("MaxLength", options.MaxLength, 0, int.MaxValue);
        Within("Stride", options.Stride, 0, int.MaxValue);
        Within("Padding.Length", options.Padding?.Length, 0, Longest);
        Within("Padding.MultipleOf", options.Padding?.MultipleOf, 1, Longest);
        Within("Padding.Id", options.Padding?.Id, 0, int.MaxValue);
    }

    internal static int PaddedLength(Padding padding, int length)
    {
        var target = padding.Length ?? length;
        return padding.MultipleOf is { } multiple ? checked((target + multiple - 1) / multiple * multiple) : target;
    }

    private static void Within(string name, int? value, int least, int most)
    {
        if (value < least || value > most) throw new PolymathException($"{name} is {value}; it must lie between {least} and {most}.");
    }
}
