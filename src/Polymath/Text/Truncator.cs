namespace Polymath.Text;

/// <summary>Cuts one or two encodings to a common length, as the reference does; what is cut off comes back as overflow pieces.</summary>
internal static class Truncator
{
    /// <summary>For every sequence its pieces: first what is kept, then the overflow in order.</summary>
    /// <param name="sequences">One or two encodings without special tokens.</param>
    /// <param name="maxLength">The most tokens all together, without special tokens.</param>
    /// <param name="options">Strategy, side and stride.</param>
    /// <exception cref="PolymathException">The stride is not smaller than what is kept, or nothing would be left of the sequence to cut.</exception>
    internal static List<Encoding[]> Truncate(List<Encoding> sequences, int maxLength, EncodeOptions options)
    {
        var lengths = sequences.Select(s => s.Length).ToArray();
        var excess = lengths.Sum() - maxLength;
        if (excess > 0)
        {
            if (maxLength == 0) Array.Clear(lengths);
            else if (options.Truncation == Truncation.LongestFirst) ShortenLongest(lengths, maxLength);
            else ShortenOne(lengths, options.Truncation == Truncation.OnlyFirst ? 0 : 1, excess);
        }
        return [.. sequences.Select((s, i) => Cut(s, lengths[i], options))];
    }

    private static void ShortenLongest(int[] lengths, int maxLength)
    {
        if (lengths.Length == 1)
        {
            lengths[0] = maxLength;
            return;
        }
        var (shorter, longer) = lengths[0] > lengths[1] ? (1, 0) : (0, 1);
        var kept = lengths[shorter];
        var rest = kept > maxLength ? kept : Math.Max(kept, maxLength - kept);
        if (kept + rest > maxLength)
        {
            kept = maxLength / 2;
            rest = kept + maxLength % 2;
        }
        (lengths[shorter], lengths[longer]) = (kept, rest);
    }

    private static void ShortenOne(int[] lengths, int which, int excess)
    {
        if (which >= lengths.Length) throw new PolymathException("Truncation.OnlySecond needs a pair of texts; give a second text or another truncation.");
        if (lengths[which] <= excess)
            throw new PolymathException($"the {(which == 0 ? "first" : "second")} text has {lengths[which]} tokens and {excess} must go: too short to cut to the maximum length; use Truncation.LongestFirst or a larger maximum.");
        lengths[which] -= excess;
    }

    private static Encoding[] Cut(Encoding whole, int length, EncodeOptions options)
    {
        if (length >= whole.Length) return [whole];
        if (length == 0) return options.Overflow ? [whole.Slice(0, 0), whole] : [whole.Slice(0, 0)];
        if (options.Stride >= length)
            throw new PolymathException($"a stride of {options.Stride} must be smaller than the {length} tokens of the text that are kept; use a smaller stride or a larger maximum length.");
        if (!options.Overflow) return [options.TruncationSide == TruncationSide.Right ? whole.Slice(0, length) : whole.Slice(whole.Length - length, whole.Length)];
        var step = length - options.Stride;
        OptionLimits.CheckOverflow(whole.Length / step + 1, length);
        var pieces = new List<Encoding>();
        if (options.TruncationSide == TruncationSide.Right)
        {
            for (var start = 0; ; start += step)
            {
                var end = Math.Min(start + length, whole.Length);
                pieces.Add(whole.Slice(start, end));
                if (end == whole.Length) break;
            }
        }
        else
        {
            for (var end = whole.Length; ; end -= step)
            {
                var start = Math.Max(0, end - length);
                pieces.Add(whole.Slice(start, end));
                if (start == 0) break;
            }
        }
        return [.. pieces];
    }
}
