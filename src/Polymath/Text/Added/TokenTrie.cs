using System.Buffers;

namespace Polymath.Text.Added;

/// <summary>Finds the leftmost, then longest of many strings in a text.</summary>
internal sealed class TokenTrie
{
    private readonly List<Dictionary<char, int>> _children = [[]];
    private readonly List<AddedToken?> _tokens = [null];
    private readonly SearchValues<char> _first;

    internal TokenTrie(IEnumerable<(string Pattern, AddedToken Token)> patterns)
    {
        foreach (var (pattern, token) in patterns)
        {
            if (pattern.Length == 0) continue;
            var node = 0;
            foreach (var c in pattern)
            {
                if (!_children[node].TryGetValue(c, out var next))
                {
                    next = _children.Count;
                    _children[node][c] = next;
                    _children.Add([]);
                    _tokens.Add(null);
                }
                node = next;
            }
            _tokens[node] = token;
        }
        _first = SearchValues.Create([.. _children[0].Keys]);
    }

    internal bool IsEmpty => _children.Count == 1;

    /// <summary>The next match at or behind <paramref name="from"/>; the token is null where there is none.</summary>
    internal (AddedToken? Token, int Start, int End) Next(ReadOnlySpan<char> text, int from)
    {
        while (from < text.Length)
        {
            var at = text[from..].IndexOfAny(_first);
            if (at < 0) break;
            at += from;
            AddedToken? longest = null;
            var (node, end) = (0, at);
            for (var i = at; i < text.Length && _children[node].TryGetValue(text[i], out node); i++)
            {
                if (_tokens[node] is { } token) (longest, end) = (token, i + 1);
            }
            if (longest is not null) return (longest, at, end);
            from = at + 1;
        }
        return (null, text.Length, text.Length);
    }
}
