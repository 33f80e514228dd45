namespace Polymath.Generation;

/// <summary>
/// Beam search as transformers does it (generation/utils.py, <c>_beam_search</c>): twice as many candidates as beams are looked at; those that end join the finished
/// texts if they are among the best; the others go on.
/// </summary>
/// <param name="beginning">The text so far.</param>
/// <param name="options">Beams, length penalty, early stopping, penalties.</param>
/// <param name="room">The most tokens that are added.</param>
/// <param name="ends">Tokens that end a text.</param>
internal sealed class BeamSearch(int[] beginning, GenerationOptions options, int room, IReadOnlyList<int> ends)
{
    private readonly List<Beam> _finished = [];
    private int _length;

    /// <summary>A text with the sum of its log-probabilities (running) or its score (finished), and the running text it grew from.</summary>
    public readonly record struct Beam(int[] Ids, double Score, int From);

    /// <summary>Tokens that were added to each running text.</summary>
    public int Written => _length;

    /// <summary>The texts that go on, best first.</summary>
    public IReadOnlyList<Beam> Running { get; private set; } = [new Beam(beginning, 0, 0)];

    /// <summary>The finished texts, best first.</summary>
    public IReadOnlyList<Beam> Best => _finished;

    /// <summary>Takes the log-probabilities [running, width] of the next tokens; false once the search is over.</summary>
    public bool Advance(float[] logs, int width)
    {
        var candidates = Candidates(logs, width);
        _length++;
        var ended = candidates.Select(beam => ends.Contains(beam.Ids[^1]) || _length >= room).ToArray();
        Running = [.. candidates.Where((_, at) => !ended[at]).Take(options.Beams)];
        var full = _finished.Count >= options.Beams && options.EarlyStopping;
        for (var at = 0; at < Math.Min(options.Beams, candidates.Count); at++)
            if (ended[at] && !full) _finished.Add(candidates[at] with { Score = candidates[at].Score / Math.Pow(_length, options.LengthPenalty) });
        var best = _finished.OrderByDescending(beam => beam.Score).Take(options.Beams).ToArray(); // stable: earlier texts first
        _finished.Clear();
        _finished.AddRange(best);
        return Running.Count > 0 && CanImprove() && !(options.EarlyStopping && _finished.Count >= options.Beams);
    }

    /// <summary>Whether the best running text could still displace a finished one, judged at its present length.</summary>
    private bool CanImprove() => _finished.Count < options.Beams
        || Running[0].Score / Math.Pow(_length, options.LengthPenalty) > _finished[^1].Score;

    /// <summary>The best continuations of all running texts, best first: twice the beams, or more where several tokens end a text.</summary>
    private List<Beam> Candidates(float[] logs, int width)
    {
        var keep = Math.Max(2, 1 + ends.Count) * options.Beams;
        var best = new PriorityQueue<(int Beam, int Token), (double Score, int Place)>(Comparer<(double Score, int Place)>.Create((a, b) =>
            a.Score != b.Score ? a.Score.CompareTo(b.Score) : b.Place.CompareTo(a.Place)));
        for (var beam = 0; beam < Running.Count; beam++)
        {
            var scores = logs.AsSpan(beam * width, width);
            NextTokenScores.Penalize(scores, Running[beam].Ids, options);
            for (var token = 0; token < width; token++)
            {
                var score = Running[beam].Score + scores[token];
                if (best.Count < keep) best.Enqueue((beam, token), (score, beam * width + token));
                else if (best.TryPeek(out _, out var least) && score > least.Score) best.EnqueueDequeue((beam, token), (score, beam * width + token));
            }
        }
        var candidates = new List<Beam>();
        while (best.TryDequeue(out var entry, out var priority)) candidates.Add(new Beam([.. Running[entry.Beam].Ids, entry.Token], priority.Score, entry.Beam));
        candidates.Reverse();
        return candidates;
    }
}
