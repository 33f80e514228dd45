using Polymath.Text.Normalizers;
using Polymath.Text.PreTokenizers;

namespace Polymath.Text.Training;

/// <summary>
/// Learns a WordPiece vocabulary from text: words are split into characters (those inside a word carry <c>##</c>), then the most frequent
/// neighbouring pair becomes a token, again and again, as the reference trainer does (tokenizers' <c>WordPieceTrainer</c>, which merges by
/// frequency). Ties go to the pair that comes first in ordinal order, so the same texts give the same vocabulary.
/// </summary>
internal static class WordPieceTrainer
{
    /// <summary>The special tokens, which take the first ids.</summary>
    public static IReadOnlyList<string> SpecialTokens { get; } = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private const int LongestWord = 40, MostCharacters = 400;

    /// <summary>The tokens in the order of their ids.</summary>
    /// <param name="texts">What to learn from.</param>
    /// <param name="size">Tokens wanted, special ones and characters included; fewer where the texts do not have that many pairs.</param>
    /// <param name="cancellation">Stops between merges.</param>
    public static IReadOnlyList<string> Train(IEnumerable<string> texts, int size, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, SpecialTokens.Count + 2);
        var counts = CountWords(texts);
        var tokens = new List<string>(SpecialTokens);
        var ids = tokens.Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id);
        var characters = counts.SelectMany(word => Characters(word.Key).Select(token => (token, word.Value))).GroupBy(c => c.token, c => (long)c.Value, (token, times) => (Token: token, Times: times.Sum()))
            .OrderByDescending(c => c.Times).ThenBy(c => c.Token, StringComparer.Ordinal).Take(Math.Min(MostCharacters, size - tokens.Count))
            .Select(c => c.Token).Order(StringComparer.Ordinal);
        foreach (var character in characters) Add(character);

        int Add(string token)
        {
            if (ids.TryGetValue(token, out var known)) return known;
            ids.Add(token, tokens.Count);
            tokens.Add(token);
            return tokens.Count - 1;
        }

        // Words in a fixed order; those with a character outside the vocabulary can only be unknown and teach nothing.
        var words = counts.OrderBy(word => word.Key, StringComparer.Ordinal).Where(word => Characters(word.Key).All(ids.ContainsKey))
            .Select(word => (Pieces: Characters(word.Key).Select(c => ids[c]).ToList(), word.Value)).ToArray();
        var pairs = new PairCounts(tokens);
        for (var w = 0; w < words.Length; w++) pairs.Change(words[w].Pieces, words[w].Value, w);
        while (tokens.Count < size && pairs.Next() is { } best)
        {
            cancellation.ThrowIfCancellationRequested();
            var second = tokens[best.Second];
            var merged = Add(tokens[best.First] + (second.StartsWith("##", StringComparison.Ordinal) ? second[2..] : second));
            foreach (var w in pairs.Words(best))
            {
                var (pieces, count) = words[w];
                pairs.Change(pieces, -count, w);
                for (var i = 0; i + 1 < pieces.Count; i++)
                {
                    if (pieces[i] != best.First || pieces[i + 1] != best.Second) continue;
                    pieces[i] = merged;
                    pieces.RemoveAt(i + 1);
                }
                pairs.Change(pieces, count, w);
            }
            pairs.Flush();
        }
        return tokens;
    }

    /// <summary>Words as the lower-casing BERT tokenizer sees them, and how often each comes.</summary>
    private static Dictionary<string, int> CountWords(IEnumerable<string> texts)
    {
        var normalizer = new BertNormalizer(cleanText: true, separateIdeographs: true, stripAccents: true, lowercase: true);
        var split = new BertPreTokenizer();
        var counts = new Dictionary<string, int>();
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var text in texts)
        {
            var repaired = Surrogates.Repair(text);
            var normal = normalizer.Apply(AlignedText.Of(repaired, 0, repaired.Length));
            var pieces = split.Apply(new Pieces(normal, [new TextSpan(0, normal.Length)]));
            foreach (var span in pieces.Spans)
            {
                if (span.End - span.Start > LongestWord) continue;
                var word = pieces.Text.Slice(span.Start, span.End);
                lookup[word] = lookup.TryGetValue(word, out var times) ? times + 1 : 1;
            }
        }
        return counts;
    }

    private static IEnumerable<string> Characters(string word)
    {
        for (var i = 0; i < word.Length;)
        {
            var width = char.IsHighSurrogate(word[i]) && i + 1 < word.Length ? 2 : 1;
            yield return i == 0 ? word[..width] : string.Concat("##", word.AsSpan(i, width));
            i += width;
        }
    }

    /// <summary>Two neighbouring tokens.</summary>
    private readonly record struct Pair(int First, int Second);

    /// <summary>How often each pair comes, in which words, and which comes most. Queue entries that are out of date are skipped when they come up.</summary>
    private sealed class PairCounts(List<string> tokens)
    {
        private readonly Dictionary<Pair, long> _counts = [];
        private readonly Dictionary<Pair, HashSet<int>> _words = [];
        private readonly HashSet<Pair> _changed = [];
        private readonly PriorityQueue<(Pair Pair, long Count), (long Count, string First, string Second)> _queue = new(Comparer<(long Count, string First, string Second)>.Create((a, b) =>
        {
            var byCount = b.Count.CompareTo(a.Count);
            if (byCount != 0) return byCount;
            var byFirst = string.CompareOrdinal(a.First, b.First);
            return byFirst != 0 ? byFirst : string.CompareOrdinal(a.Second, b.Second);
        }));

        public void Change(List<int> pieces, int by, int word)
        {
            for (var i = 0; i + 1 < pieces.Count; i++)
            {
                var pair = new Pair(pieces[i], pieces[i + 1]);
                _counts[pair] = _counts.GetValueOrDefault(pair) + by;
                if (!_words.TryGetValue(pair, out var words)) _words.Add(pair, words = []);
                words.Add(word);
                _changed.Add(pair);
            }
        }

        /// <summary>Puts the pairs that changed into the queue with their new counts.</summary>
        public void Flush()
        {
            foreach (var pair in _changed)
                if (_counts[pair] > 0) _queue.Enqueue((pair, _counts[pair]), (_counts[pair], tokens[pair.First], tokens[pair.Second]));
            _changed.Clear();
        }

        /// <summary>The most frequent pair that comes at least twice; null for none.</summary>
        public Pair? Next()
        {
            if (_changed.Count > 0) Flush();
            while (_queue.TryDequeue(out var entry, out _))
                if (_counts[entry.Pair] == entry.Count) return entry.Count >= 2 ? entry.Pair : null;
            return null;
        }

        public int[] Words(Pair pair) => [.. _words[pair].Order()];
    }
}
