using System.Buffers;

namespace Polymath.Text.Models;

/// <summary>
/// A unigram language model over pieces (Kudo 2018, "Subword Regularization"): of all ways to cut a text into pieces the one with the
/// greatest sum of log probabilities, found by Viterbi search. A character that is no piece costs 10 more than the least likely piece.
/// Runs of unknown characters are one token. Of equal ways the one met first from the left wins, as in the reference.
/// </summary>
internal sealed class Unigram : Model
{
    private const double UnknownPenalty = 10;
    private const int OnStack = 128;

    private readonly double[] _scores;
    private readonly PieceTrie _trie = new();
    private readonly int? _unknown;
    private readonly int[]? _bytes;
    private readonly double _unknownScore;

    /// <param name="pieces">Pieces by id, with their log probabilities.</param>
    /// <param name="unknown">Id of the unknown token; null: a text with an unknown character is refused.</param>
    /// <param name="byteFallback">Unknown characters are spelled as "&lt;0x0A&gt;" tokens where all that are needed exist.</param>
    internal Unigram(IReadOnlyList<(string Piece, double Score)> pieces, int? unknown, bool byteFallback) : base(new Vocabulary([.. pieces.Select(p => p.Piece)]))
    {
        _unknown = unknown;
        _scores = [.. pieces.Select(p => p.Score)];
        _unknownScore = (pieces.Count == 0 ? 0 : _scores.Min()) - UnknownPenalty;
        // Of two equal pieces the later one counts.
        for (var id = 0; id < pieces.Count; id++) _trie.Add(pieces[id].Piece, id);
        if (byteFallback) _bytes = [.. Enumerable.Range(0, 256).Select(b => Vocabulary.IdOf($"<0x{b:X2}>"))];
    }

    /// <summary>The last step of the best way to a position: where it starts and which piece it is; Start is -1 while there is none.</summary>
    private record struct Step(double Score, int Start, int Id);

    internal override void Tokenize(ReadOnlySpan<char> piece, List<ModelToken> output)
    {
        Step[]? rented = null;
        var best = piece.Length < OnStack ? stackalloc Step[OnStack] : rented = ArrayPool<Step>.Shared.Rent(piece.Length + 1);
        try
        {
            Search(piece, best[..(piece.Length + 1)]);
            Write(piece, best, output);
        }
        finally
        {
            if (rented is not null) ArrayPool<Step>.Shared.Return(rented);
        }
    }

    private void Search(ReadOnlySpan<char> piece, Span<Step> best)
    {
        best.Fill(new Step(0, -1, -1));
        for (var at = 0; at < piece.Length;)
        {
            var here = best[at].Score;
            var width = AlignedText.Width(AlignedText.CodePointAt(piece, at));
            var known = false;
            var node = 0;
            for (var i = at; i < piece.Length && (node = _trie.Next(node, piece[i])) >= 0; i++)
            {
                if (_trie.IdAt(node) is not (>= 0 and var id)) continue;
                Offer(ref best[i + 1], here + _scores[id], at, id);
                known |= i + 1 - at == width;
            }
            if (!known) Offer(ref best[at + width], here + _unknownScore, at, _unknown ?? throw NoUnknown(piece.Slice(at, width)));
            at += width;
        }
    }

    private static void Offer(ref Step step, double score, int start, int id)
    {
        if (step.Start < 0 || score > step.Score) step = new Step(score, start, id);
    }

    private void Write(ReadOnlySpan<char> piece, ReadOnlySpan<Step> best, List<ModelToken> output)
    {
        var first = output.Count;
        for (var end = piece.Length; end > 0;)
        {
            var (_, start, id) = best[end];
            if (id == _unknown)
            {
                while (start > 0 && best[start].Id == _unknown) start = best[start].Start;
                AddUnknown(piece[start..end], start, output);
            }
            else
            {
                output.Add(new ModelToken(id, start, end));
            }
            end = start;
        }
        output.Reverse(first, output.Count - first);
    }

    /// <summary>A run of unknown characters may still be a piece as a whole; else it is bytes, or one unknown token that shows the text. Written backwards.</summary>
    private void AddUnknown(ReadOnlySpan<char> run, int start, List<ModelToken> output)
    {
        var end = start + run.Length;
        if (Vocabulary.IdOf(run) is >= 0 and var id)
        {
            output.Add(new ModelToken(id, start, end));
            return;
        }
        if (_bytes is not null)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(run.ToArray());
            if (bytes.All(b => _bytes[b] >= 0))
            {
                foreach (var b in bytes.Reverse()) output.Add(new ModelToken(_bytes[b], start, end));
                return;
            }
        }
        output.Add(new ModelToken(_unknown!.Value, start, end, AsWritten: true));
    }

    private static PolymathException NoUnknown(ReadOnlySpan<char> character) =>
        new($"the tokenizer has no unknown token, and no piece for '{OneLine.Short(character.ToString())}'; give its model an unk_id.");
}
