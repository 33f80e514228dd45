namespace Polymath.Tagging;

/// <summary>
/// A chain over the words of one sentence: the score of a sequence of tags is the sum of log p(tag | word) and of transition scores, and only
/// valid BIO sequences exist. Gives the best sequence (Viterbi) and the probability that words are exactly a span (forward-backward).
/// </summary>
internal sealed class TagLattice
{
    private readonly int _words, _tags;
    private readonly double[] _logs;        // [words, tags]
    private readonly double[] _transitions; // [tags + 1, tags], the last row from the beginning; −∞ where not allowed
    private double[]? _forward, _backward;  // [words, tags]

    /// <param name="logits">[words, tags], row-major.</param>
    /// <param name="tags">The number of tags of a <see cref="TagSet"/>.</param>
    /// <param name="transitions">Scores of one tag after another, [tags + 1, tags], the last row for the first word; null for none.</param>
    public TagLattice(ReadOnlySpan<float> logits, int tags, float[]? transitions)
    {
        (_tags, _words) = (tags, logits.Length / tags);
        _logs = new double[logits.Length];
        for (var w = 0; w < _words; w++)
        {
            var row = logits.Slice(w * tags, tags);
            double largest = System.Numerics.Tensors.TensorPrimitives.Max(row), sum = 0;
            foreach (var logit in row) sum += Math.Exp(logit - largest);
            for (var k = 0; k < tags; k++) _logs[w * tags + k] = row[k] - largest - Math.Log(sum);
        }
        _transitions = new double[(tags + 1) * tags];
        for (var from = 0; from <= tags; from++)
            for (var to = 0; to < tags; to++)
                _transitions[from * tags + to] = TagSet.Allowed(from == tags ? -1 : from, to) ? transitions?[from * tags + to] ?? 0 : double.NegativeInfinity;
    }

    /// <summary>The best valid sequence; ties go to the lower tags.</summary>
    public int[] Best()
    {
        var best = new double[_words * _tags];
        var from = new int[_words * _tags];
        for (var w = 0; w < _words; w++)
            for (var to = 0; to < _tags; to++)
            {
                var at = w * _tags + to;
                best[at] = double.NegativeInfinity;
                for (var k = w == 0 ? _tags : 0; k < (w == 0 ? _tags + 1 : _tags); k++)
                {
                    var score = (w == 0 ? 0 : best[at - to - _tags + k]) + _transitions[k * _tags + to];
                    if (score > best[at]) (best[at], from[at]) = (score, k);
                }
                best[at] += _logs[at];
            }
        var tags = new int[_words];
        for (var w = _words - 1; w >= 0; w--)
        {
            if (w < _words - 1) tags[w] = from[(w + 1) * _tags + tags[w + 1]];
            else
                for (var k = 1; k < _tags; k++)
                    if (best[w * _tags + k] > best[w * _tags + tags[w]]) tags[w] = k;
        }
        return tags;
    }

    /// <summary>The probability that the words from <paramref name="first"/> to before <paramref name="end"/> are exactly one span.</summary>
    /// <param name="first">The first word.</param>
    /// <param name="end">The word after the last.</param>
    /// <param name="begin">The number of the kind's B- tag; its I- tag follows it.</param>
    public double SpanProbability(int first, int end, int begin)
    {
        Run();
        var log = _forward![first * _tags + begin];
        for (var w = first + 1; w < end; w++) log += _transitions[(w == first + 1 ? begin : begin + 1) * _tags + begin + 1] + _logs[w * _tags + begin + 1];
        var last = end - first == 1 ? begin : begin + 1;
        double[] after = end == _words ? [0] : [.. Enumerable.Range(0, _tags).Where(to => to != begin + 1).Select(to => _transitions[last * _tags + to] + _logs[end * _tags + to] + _backward![end * _tags + to])];
        return Math.Exp(log + LogSum(after) - LogSum(_forward.AsSpan((_words - 1) * _tags, _tags)));
    }

    private void Run()
    {
        if (_forward is not null) return;
        double[] forward = new double[_words * _tags], backward = new double[_words * _tags], terms = new double[_tags];
        for (var w = 0; w < _words; w++)
            for (var to = 0; to < _tags; to++)
            {
                if (w > 0)
                    for (var k = 0; k < _tags; k++) terms[k] = forward[(w - 1) * _tags + k] + _transitions[k * _tags + to];
                forward[w * _tags + to] = _logs[w * _tags + to] + (w == 0 ? _transitions[_tags * _tags + to] : LogSum(terms));
            }
        for (var w = _words - 2; w >= 0; w--)
            for (var k = 0; k < _tags; k++)
            {
                for (var to = 0; to < _tags; to++) terms[to] = _transitions[k * _tags + to] + _logs[(w + 1) * _tags + to] + backward[(w + 1) * _tags + to];
                backward[w * _tags + k] = LogSum(terms);
            }
        (_forward, _backward) = (forward, backward);
    }

    private static double LogSum(ReadOnlySpan<double> terms)
    {
        var largest = double.NegativeInfinity;
        foreach (var term in terms) largest = Math.Max(largest, term);
        if (double.IsNegativeInfinity(largest)) return largest;
        double sum = 0;
        foreach (var term in terms) sum += Math.Exp(term - largest);
        return largest + Math.Log(sum);
    }
}
