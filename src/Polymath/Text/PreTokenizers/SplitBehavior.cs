namespace Polymath.Text.PreTokenizers;

/// <summary>What becomes of the delimiters that a piece is split at.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts a piece at delimiters; empty pieces are never made.</summary>
internal static class Splitter
{
    /// <summary>Adds the parts of <paramref name="piece"/> to <paramref name="output"/>; <paramref name="delimiters"/> are in order, positions counted from the piece's start.</summary>
    internal static void Split(TextSpan piece, List<TextSpan> delimiters, SplitBehavior behavior, bool invert, List<TextSpan> output)
    {
        var previous = (Kind: false, From: output.Count);
        var at = 0;
        foreach (var delimiter in delimiters)
        {
            if (at < delimiter.Start) Put(at, delimiter.Start, invert);
            Put(delimiter.Start, delimiter.End, !invert);
            at = delimiter.End;
        }
        if (at < piece.Length) Put(at, piece.Length, invert);

        void Put(int start, int end, bool isDelimiter)
        {
            if (start == end) return;
            var hasLast = output.Count > previous.From;
            // A delimiter joins what stands before it unless that is a delimiter too; text joins a delimiter before it the same way.
            var joins = hasLast && behavior switch
            {
                SplitBehavior.Contiguous => isDelimiter == previous.Kind,
                SplitBehavior.MergedWithPrevious => isDelimiter && !previous.Kind,
                SplitBehavior.MergedWithNext => !isDelimiter && previous.Kind,
                _ => false,
            };
            var span = new TextSpan(piece.Start + start, piece.Start + end);
            previous.Kind = isDelimiter;
            if (joins) output[^1] = output[^1] with { End = span.End };
            else if (!(isDelimiter && behavior == SplitBehavior.Removed)) output.Add(span);
        }
    }
}
