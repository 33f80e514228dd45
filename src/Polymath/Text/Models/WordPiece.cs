namespace Polymath.Text.Models;

/// <summary>
/// WordPiece (Schuster and Nakajima 2012, as BERT uses it): from the left, always the longest piece that the vocabulary has; a word that
/// cannot be covered, or that has too many characters, is one unknown token.
/// </summary>
internal sealed class WordPiece : Model
{
    private readonly Dictionary<string, int> _inside = [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _insideLookup;
    private readonly int _unknown, _longestWord, _longestFirst, _longestInside;

    /// <param name="vocabulary">Tokens; those inside a word carry the prefix.</param>
    /// <param name="unknown">Id of the unknown token.</param>
    /// <param name="prefix">What marks a piece inside a word ("##").</param>
    /// <param name="longestWord">Words of more code points than this are unknown.</param>
    internal WordPiece(Vocabulary vocabulary, int unknown, string prefix, int longestWord) : base(vocabulary)
    {
        (_unknown, _longestWord) = (unknown, longestWord);
        foreach (var (token, id) in vocabulary.Entries)
        {
            _longestFirst = Math.Max(_longestFirst, token.Length);
            if (!token.StartsWith(prefix, StringComparison.Ordinal)) continue;
            _inside[token[prefix.Length..]] = id;
            _longestInside = Math.Max(_longestInside, token.Length - prefix.Length);
        }
        _insideLookup = _inside.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    internal override void Tokenize(ReadOnlySpan<char> piece, List<ModelToken> output)
    {
        var before = output.Count;
        if (piece.Length <= _longestWord || CodePoints(piece) <= _longestWord)
        {
            var start = 0;
            while (start < piece.Length)
            {
                var end = Longest(piece, start, out var id);
                if (end < 0) break;
                output.Add(new ModelToken(id, start, end));
                start = end;
            }
            if (start == piece.Length) return;
        }
        output.RemoveRange(before, output.Count - before);
        output.Add(new ModelToken(_unknown, 0, piece.Length));
    }

    private int Longest(ReadOnlySpan<char> piece, int start, out int id)
    {
        var inside = start > 0;
        for (var end = Math.Min(piece.Length, start + (inside ? _longestInside : _longestFirst)); end > start; end--)
        {
            if (end < piece.Length && char.IsLowSurrogate(piece[end])) continue;
            var part = piece[start..end];
            if (inside ? _insideLookup.TryGetValue(part, out id) : (id = Vocabulary.IdOf(part)) >= 0) return end;
        }
        id = -1;
        return -1;
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var c in text)
        {
            if (!char.IsLowSurrogate(c)) count++;
        }
        return count;
    }
}
