namespace Polymath.Tagging;

/// <summary>How tags follow each other in training data.</summary>
internal static class TagTransitions
{
    /// <summary>
    /// weight · (ln p(tag | tag before) − ln p(tag)), counted with one added to each allowed pair; [tags + 1, tags], the last row for the first
    /// word. What a word's own probability already says about how common a tag is is taken out, so that only the order counts.
    /// </summary>
    /// <param name="sequences">Tags of sentences by number.</param>
    /// <param name="tags">The number of tags.</param>
    /// <param name="weight">The share that transitions have; 0 leaves only the constraints.</param>
    public static float[] Learn(IEnumerable<IReadOnlyList<int>> sequences, int tags, double weight)
    {
        var pairs = new double[(tags + 1) * tags];
        var single = new double[tags];
        for (var from = 0; from <= tags; from++)
            for (var to = 0; to < tags; to++)
                if (TagSet.Allowed(from == tags ? -1 : from, to)) pairs[from * tags + to] = 1;
        Array.Fill(single, 1);
        foreach (var sequence in sequences)
            for (var w = 0; w < sequence.Count; w++)
            {
                pairs[(w == 0 ? tags : sequence[w - 1]) * tags + sequence[w]]++;
                single[sequence[w]]++;
            }
        var scores = new float[pairs.Length];
        for (var from = 0; from <= tags; from++)
        {
            var row = pairs.AsSpan(from * tags, tags);
            double sum = 0;
            foreach (var count in row) sum += count;
            for (var to = 0; to < tags; to++)
                if (row[to] > 0) scores[from * tags + to] = (float)(weight * (Math.Log(row[to] / sum) - Math.Log(single[to] / single.Sum())));
        }
        return scores;
    }
}
