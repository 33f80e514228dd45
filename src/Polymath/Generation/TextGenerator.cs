using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Generation;

/// <summary>Writes texts token by token: the most likely token, a drawn one, or a beam search.</summary>
/// <param name="network">A decoder or an encoder-decoder with its language model head.</param>
/// <param name="maxTokens">The most tokens of a prompt with its text.</param>
/// <param name="ends">Tokens that end a text.</param>
/// <param name="decode">Tokens to text.</param>
/// <param name="forced">Tokens that the model's folder wants first and last; null for none.</param>
internal sealed class TextGenerator(Network network, int maxTokens, IReadOnlyList<int> ends, Func<int[], string> decode, ForcedTokens? forced = null)
{
    /// <summary>About how many places of all texts are in memory at a time.</summary>
    private const int PlacesAtOnce = 16_384;

    /// <summary>The texts of each prompt, best first.</summary>
    public IReadOnlyList<IReadOnlyList<GeneratedText>> Generate(IReadOnlyList<int[]> prompts, GenerationOptions options, CancellationToken cancellation)
    {
        if (prompts.Count == 0) return [];
        if (options.Beams > 1) return [.. prompts.Select(prompt => (IReadOnlyList<GeneratedText>)BeamSearch(prompt, options, cancellation))];
        int[][] copies = [.. prompts.SelectMany(prompt => Enumerable.Repeat(prompt, options.Sequences))];
        Text[] texts = [.. copies.Select((prompt, row) => new Text(Beginning(prompt), Room(prompt, options), new SeededRandom(unchecked((ulong)options.Seed * 1_000_003 + (ulong)row))))];
        foreach (var chunk in PackedBatch.ByBudget(Enumerable.Range(0, copies.Length), row => copies[row].Length + texts[row].Room, PlacesAtOnce))
            foreach (var _ in Steps([.. chunk.Select(row => copies[row])], [.. chunk.Select(row => texts[row])], options, cancellation)) { }
        var results = texts.Select(text => text.Result(decode, options.Stop)).ToArray();
        return [.. prompts.Select((_, p) => (IReadOnlyList<GeneratedText>)[.. results.Skip(p * options.Sequences).Take(options.Sequences).OrderByDescending(text => text.Score)])];
    }

    /// <summary>The text of one prompt, piece by piece; the whole is told at its end.</summary>
    public IEnumerable<string> Stream(int[] prompt, GenerationOptions options, Action<GeneratedText>? ended, CancellationToken cancellation)
    {
        var text = new Text(Beginning(prompt), Room(prompt, options), new SeededRandom(unchecked((ulong)options.Seed * 1_000_003)));
        var given = 0;
        var longestStop = options.Stop.Select(stop => stop.Length).DefaultIfEmpty(0).Max();
        foreach (var _ in Steps([prompt], [text], options, cancellation))
        {
            var whole = text.Result(decode, options.Stop).Text;
            // A character whose bytes are not all there yet, and what may become a stop text, wait for more tokens.
            var safe = text.End is null ? Math.Max(given, whole.TrimEnd('\uFFFD').Length - Math.Max(0, longestStop - 1)) : whole.Length;
            if (safe > given && safe < whole.Length && char.IsHighSurrogate(whole[safe - 1])) safe--;
            if (safe <= given) continue;
            yield return whole[given..safe];
            given = safe;
        }
        ended?.Invoke(text.Result(decode, options.Stop));
    }

    /// <summary>Adds one token to every text that has not ended, again and again; gives the number of texts that go on.</summary>
    private IEnumerable<int> Steps(int[][] prompts, Text[] texts, GenerationOptions options, CancellationToken cancellation)
    {
        int[] rows = [.. Enumerable.Range(0, texts.Length)];
        var (state, scores) = DecodingState.Start(network, prompts, texts.Max(text => text.Room));
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                Choose(scores, [.. rows.Select(row => texts[row])], options);
                scores.Dispose();
                int[] kept = [.. Enumerable.Range(0, rows.Length).Where(at => texts[rows[at]].End is null)];
                yield return kept.Length;
                if (kept.Length == 0) yield break;
                if (kept.Length < rows.Length)
                {
                    var before = state;
                    state = before.Select(kept);
                    before.Dispose();
                    rows = [.. kept.Select(at => rows[at])];
                }
                scores = state.Step([.. rows.Select(row => texts[row].Ids[^1])]);
            }
        }
        finally
        {
            scores.Dispose();
            state.Dispose();
        }
    }

    private void Choose(Tensor scores, Text[] texts, GenerationOptions options)
    {
        using var scope = NewDisposeScope();
        if (forced?.At(texts[0].Written, texts[0].Room) is { } token && texts.All(text => forced.At(text.Written, text.Room) == token))
        {
            foreach (var text in texts) text.Add(token, 0, this, options);
            return;
        }
        if (!options.Draws && !NextTokenScores.HasPenalties(options))
        {
            var most = scores.argmax(1, keepdim: true);
            var logs = nn.functional.log_softmax(scores, 1).gather(1, most).view(-1).data<float>().ToArray();
            var tokens = most.view(-1).data<long>().ToArray();
            for (var row = 0; row < texts.Length; row++) texts[row].Add((int)tokens[row], logs[row], this, options);
            return;
        }
        for (var row = 0; row < texts.Length; row++)
        {
            var values = scores[row].contiguous().data<float>().ToArray();
            NextTokenScores.Penalize(values, [.. texts[row].Ids], options);
            if (options.Draws) NextTokenScores.Narrow(values, options);
            var probabilities = NextTokenScores.Softmax(values);
            var chosen = options.Draws ? Draw(probabilities, texts[row].Random) : Array.IndexOf(values, values.Max());
            texts[row].Add(chosen, Math.Log(probabilities[chosen]), this, options);
        }
    }

    private static int Draw(double[] probabilities, SeededRandom random)
    {
        var left = random.NextDouble();
        var last = 0;
        for (var token = 0; token < probabilities.Length; token++)
        {
            if (probabilities[token] == 0) continue;
            last = token;
            if ((left -= probabilities[token]) < 0) return token;
        }
        return last;
    }

    private List<GeneratedText> BeamSearch(int[] prompt, GenerationOptions options, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var search = new BeamSearch(Beginning(prompt), options, Room(prompt, options), ends);
        var (state, scores) = DecodingState.Start(network, [prompt], Room(prompt, options));
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var logs = nn.functional.log_softmax(scores, 1);
                var width = (int)logs.shape[1];
                var values = logs.contiguous().data<float>().ToArray();
                logs.Dispose();
                scores.Dispose();
                if (forced?.At(search.Written, Room(prompt, options)) is { } token)
                    for (var i = 0; i < values.Length; i++) values[i] = i % width == token ? 0 : float.NegativeInfinity;
                if (!search.Advance(values, width)) break;
                var before = state;
                state = before.Select([.. search.Running.Select(beam => beam.From)], oneSource: true);
                before.Dispose();
                scores = state.Step([.. search.Running.Select(beam => beam.Ids[^1])]);
            }
        }
        finally { state.Dispose(); }
        return [.. search.Best.Take(options.Sequences).Select(beam =>
        {
            int[] ids = beam.Ids[Beginning(prompt).Length..];
            var end = ends.Contains(ids[^1]) ? GenerationEnd.EndToken : GenerationEnd.Length;
            var text = decode(ids);
            return new GeneratedText(Text.Cut(text, options.Stop, out var stopped), ids, stopped ? GenerationEnd.Stop : end, beam.Score);
        })];
    }

    /// <summary>What penalties see as the text so far: the prompt, or the start token of an encoder-decoder.</summary>
    private int[] Beginning(int[] prompt) => network is EncoderDecoder both ? [both.DecoderStart] : prompt;

    private int Room(int[] prompt, GenerationOptions options) => Math.Min(options.MaxNewTokens, maxTokens - Beginning(prompt).Length);

    /// <summary>One text in the making.</summary>
    private sealed class Text(int[] beginning, int room, SeededRandom random)
    {
        private double _score;

        /// <summary>The beginning and what was written.</summary>
        public List<int> Ids { get; } = [.. beginning];

        public int Room => room;

        public int Written => Ids.Count - beginning.Length;

        public SeededRandom Random => random;

        public GenerationEnd? End { get; private set; }

        public void Add(int token, double log, TextGenerator generator, GenerationOptions options)
        {
            Ids.Add(token);
            _score += log;
            if (generator.Ends(token)) End = GenerationEnd.EndToken;
            else if (options.Stop.Count > 0 && Result(generator.Decode, options.Stop).End == GenerationEnd.Stop) End = GenerationEnd.Stop;
            else if (Ids.Count - beginning.Length >= room) End = GenerationEnd.Length;
        }

        public GeneratedText Result(Func<int[], string> decode, IReadOnlyList<string> stops)
        {
            int[] ids = [.. Ids.Skip(beginning.Length)];
            var text = Cut(decode(ids), stops, out var stopped);
            return new GeneratedText(text, ids, stopped ? GenerationEnd.Stop : End ?? GenerationEnd.Length, _score);
        }

        /// <summary>The text before the first stop text.</summary>
        public static string Cut(string text, IReadOnlyList<string> stops, out bool stopped)
        {
            var at = stops.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(found => found >= 0).DefaultIfEmpty(-1).Min();
            stopped = at >= 0;
            return stopped ? text[..at] : text;
        }
    }

    private bool Ends(int token) => ends.Contains(token);

    private string Decode(int[] ids) => decode(ids);
}

/// <summary>Tokens that a folder wants at certain places of what an encoder-decoder writes (<c>forced_bos_token_id</c>, <c>forced_eos_token_id</c>).</summary>
/// <param name="First">The first token; null for any.</param>
/// <param name="Last">The token at the end of the room; null for any.</param>
internal sealed record ForcedTokens(int? First, int? Last)
{
    /// <summary>The token that must come after so many; null for any.</summary>
    public int? At(int written, int room) => written == 0 && First is not null ? First : written == room - 1 ? Last : null;
}
