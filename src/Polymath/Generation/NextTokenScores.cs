namespace Polymath.Generation;

/// <summary>
/// What changes the scores of the next token before it is chosen; −∞ takes a token out. Definitions as in transformers' generation/logits_process.py.
/// </summary>
internal static class NextTokenScores
{
    /// <summary>Whether any option changes scores before the most likely token is taken.</summary>
    public static bool HasPenalties(GenerationOptions options) => options.RepetitionPenalty != 1 || options.NoRepeatNgram > 0;

    /// <summary>Penalties, which hold for every way of choosing.</summary>
    public static void Penalize(Span<float> scores, ReadOnlySpan<int> text, GenerationOptions options)
    {
        if (options.RepetitionPenalty != 1) RepetitionPenalty(scores, text, (float)options.RepetitionPenalty);
        if (options.NoRepeatNgram > 0) NoRepeatNgram(scores, text, options.NoRepeatNgram);
    }

    /// <summary>What narrows the choice where tokens are drawn.</summary>
    public static void Narrow(Span<float> scores, GenerationOptions options)
    {
        if (options.Temperature != 1) Temperature(scores, (float)options.Temperature);
        if (options.TopK > 0) TopK(scores, options.TopK);
        if (options.TopP < 1) TopP(scores, options.TopP);
        if (options.MinP > 0) MinP(scores, options.MinP);
        if (options.TypicalP < 1) TypicalP(scores, options.TypicalP);
    }

    public static void Temperature(Span<float> scores, float temperature)
    {
        foreach (ref var score in scores) score /= temperature;
    }

    public static void TopK(Span<float> scores, int k)
    {
        if (k >= scores.Length) return;
        var sorted = scores.ToArray();
        Array.Sort(sorted);
        var least = sorted[^k];
        foreach (ref var score in scores) if (score < least) score = float.NegativeInfinity;
    }

    public static void TopP(Span<float> scores, double mass)
    {
        var order = Ascending(scores);
        var probabilities = Softmax(scores);
        double below = 0;
        for (var i = 0; i < order.Length - 1; i++) // the most likely token stays
        {
            below += probabilities[order[i]];
            if (below <= 1 - mass) scores[order[i]] = float.NegativeInfinity;
        }
    }

    public static void MinP(Span<float> scores, double share)
    {
        var probabilities = Softmax(scores);
        var most = 0;
        for (var i = 1; i < scores.Length; i++) if (probabilities[i] > probabilities[most]) most = i;
        for (var i = 0; i < scores.Length; i++)
            if (i != most && probabilities[i] < share * probabilities[most]) scores[i] = float.NegativeInfinity;
    }

    public static void TypicalP(Span<float> scores, double mass)
    {
        var probabilities = Softmax(scores);
        double entropy = 0;
        foreach (var p in probabilities) if (p > 0) entropy -= p * Math.Log(p);
        var distances = Array.ConvertAll(probabilities, p => p > 0 ? (float)Math.Abs(-Math.Log(p) - entropy) : float.PositiveInfinity);
        var order = Ascending(distances);
        var last = 0;
        for (double sum = 0; last < order.Length - 1; last++)
            if ((sum += probabilities[order[last]]) >= mass) break;
        var farthest = distances[order[last]];
        for (var i = 0; i < scores.Length; i++) if (distances[i] > farthest && i != order[0]) scores[i] = float.NegativeInfinity;
    }

    public static void RepetitionPenalty(Span<float> scores, ReadOnlySpan<int> text, float penalty)
    {
        foreach (var id in text.ToArray().Distinct()) scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
    }

    public static void NoRepeatNgram(Span<float> scores, ReadOnlySpan<int> text, int size)
    {
        if (text.Length + 1 < size) return;
        var ending = text[(text.Length - size + 1)..];
        for (var start = 0; start + size <= text.Length; start++)
            if (text.Slice(start, size - 1).SequenceEqual(ending)) scores[text[start + size - 1]] = float.NegativeInfinity;
    }

    /// <summary>Probabilities of scores; −∞ gives 0.</summary>
    public static double[] Softmax(ReadOnlySpan<float> scores)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (var score in scores) most = Math.Max(most, score);
        var result = new double[scores.Length];
        for (var i = 0; i < scores.Length; i++) sum += result[i] = Math.Exp(scores[i] - most);
        for (var i = 0; i < result.Length; i++) result[i] /= sum;
        return result;
    }

    private static int[] Ascending(ReadOnlySpan<float> values)
    {
        var keys = values.ToArray();
        int[] order = [.. Enumerable.Range(0, keys.Length)];
        Array.Sort(keys, order);
        return order;
    }
}
