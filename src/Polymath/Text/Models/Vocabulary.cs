namespace Polymath.Text.Models;

/// <summary>Tokens and their ids, both ways.</summary>
internal sealed class Vocabulary
{
    /// <summary>Ids beyond this are refused: a table that long is a broken file.</summary>
    internal const int LargestId = 8_000_000;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly string?[] _tokens;

    internal Vocabulary(Dictionary<string, int> ids)
    {
        _ids = ids;
        _lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = new string?[ids.Count == 0 ? 0 : ids.Values.Max() + 1];
        foreach (var (token, id) in ids) _tokens[id] = token;
    }

    /// <summary>Tokens in the order of their ids; of two equal ones the later one's id is the one that is found.</summary>
    internal Vocabulary(string[] tokens)
    {
        _ids = new Dictionary<string, int>(tokens.Length);
        for (var id = 0; id < tokens.Length; id++) _ids[tokens[id]] = id;
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = tokens;
    }

    internal int Count => _ids.Count;

    internal IEnumerable<KeyValuePair<string, int>> Entries => _ids;

    /// <summary>The id of a token, or -1.</summary>
    internal int IdOf(ReadOnlySpan<char> token) => _lookup.TryGetValue(token, out var id) ? id : -1;

    internal string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;
}
