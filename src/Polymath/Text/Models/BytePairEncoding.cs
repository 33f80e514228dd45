using System.Collections.Concurrent;

namespace Polymath.Text.Models;

/// <summary>What a byte-pair encoding does beyond merging; the names are those of tokenizer.json.</summary>
internal sealed record BpeOptions
{
    /// <summary>Id of the token for characters that the vocabulary lacks; null: they vanish.</summary>
    internal int? Unknown { get; init; }

    /// <summary>Neighbouring unknown characters become one token.</summary>
    internal bool FuseUnknown { get; init; }

    /// <summary>Characters that the vocabulary lacks are spelled as "&lt;0x0A&gt;" tokens, where it has those.</summary>
    internal bool ByteFallback { get; init; }

    /// <summary>A piece that is a token as a whole is taken as it is.</summary>
    internal bool IgnoreMerges { get; init; }

    /// <summary>Stands before every character of a piece but the first.</summary>
    internal string Prefix { get; init; } = "";

    /// <summary>Stands behind the last character of a piece.</summary>
    internal string Suffix { get; init; } = "";
}

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016): a piece starts as single characters, and of all neighbours that form a known merge the one
/// learned first is merged, the leftmost among equals, until none is left. Near-linear: a heap of candidate merges over a linked list.
/// </summary>
internal sealed class BytePairEncoding : Model
{
    private const int CacheEntries = 16_384, LongestCached = 64;

    private readonly Dictionary<long, (int Rank, int Id)> _merges;
    private readonly BpeOptions _options;
    private readonly int[] _bytes = new int[256];
    private readonly ConcurrentDictionary<string, ModelToken[]> _cache = new();
    private readonly ConcurrentDictionary<string, ModelToken[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="merges">For a pair of ids (<see cref="Key"/>), its rank and the id of the merged token.</param>
    /// <param name="options">What to do beyond merging.</param>
    internal BytePairEncoding(Vocabulary vocabulary, Dictionary<long, (int Rank, int Id)> merges, BpeOptions options) : base(vocabulary)
    {
        (_merges, _options) = (merges, options);
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var b = 0; b < 256; b++) _bytes[b] = vocabulary.IdOf($"<0x{b:X2}>");
    }

    /// <summary>One number for a pair. The odd factor keeps pairs apart and spreads them: a long's own hash would put all pairs of equal ids into one bucket.</summary>
    internal static long Key(int left, int right) => unchecked((((long)left << 32) | (uint)right) * (long)0x9E3779B97F4A7C15);

    internal override void Tokenize(ReadOnlySpan<char> piece, List<ModelToken> output)
    {
        if (piece.Length <= LongestCached && _cached.TryGetValue(piece, out var known))
        {
            output.AddRange(known);
            return;
        }
        var before = output.Count;
        Compute(piece, output);
        if (piece.Length > LongestCached || _cacheCount >= CacheEntries) return;
        // The bound may be passed by a few entries when threads race; that costs nothing.
        if (_cached.TryAdd(piece, [.. output.Skip(before)])) Interlocked.Increment(ref _cacheCount);
    }

    private void Compute(ReadOnlySpan<char> piece, List<ModelToken> output)
    {
        if (_options.IgnoreMerges && Vocabulary.IdOf(piece) is >= 0 and var whole)
        {
            output.Add(new ModelToken(whole, 0, piece.Length));
            return;
        }
        var symbols = new BpeSymbols(piece.Length);
        Spell(piece, symbols);
        symbols.Merge(_merges);
        symbols.Write(piece, output);
    }

    /// <summary>The characters of a piece as symbols. Lengths count UTF-8 bytes, so that one character may be several byte tokens.</summary>
    private void Spell(ReadOnlySpan<char> piece, BpeSymbols symbols)
    {
        var unknownLength = 0; // bytes of unknown characters not written yet
        for (var i = 0; i < piece.Length;)
        {
            var width = AlignedText.Width(AlignedText.CodePointAt(piece, i));
            var character = piece.Slice(i, width);
            var length = BpeSymbols.Utf8Length(character);
            var id = Find(character, first: i == 0, last: i + width == piece.Length);
            i += width;
            if (id >= 0)
            {
                FlushUnknown();
                symbols.Add(id, length);
            }
            else if (!(_options.ByteFallback && SpellBytes(character, symbols)) && _options.Unknown is not null)
            {
                // A run waits for the next known character, so byte tokens may overtake it; the reference does the same.
                if (!_options.FuseUnknown) FlushUnknown();
                unknownLength += length;
            }
        }
        FlushUnknown();

        void FlushUnknown()
        {
            if (unknownLength > 0) symbols.Add(_options.Unknown!.Value, unknownLength);
            unknownLength = 0;
        }
    }

    private int Find(ReadOnlySpan<char> character, bool first, bool last)
    {
        var (prefix, suffix) = (first ? "" : _options.Prefix, last ? _options.Suffix : "");
        return prefix.Length + suffix.Length == 0 ? Vocabulary.IdOf(character) : Vocabulary.IdOf(string.Concat(prefix, character, suffix));
    }

    private bool SpellBytes(ReadOnlySpan<char> character, BpeSymbols symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = System.Text.Encoding.UTF8.GetBytes(character, bytes);
        foreach (var b in bytes[..count])
        {
            if (_bytes[b] < 0) return false;
        }
        foreach (var b in bytes[..count]) symbols.Add(_bytes[b], 1);
        return true;
    }
}
