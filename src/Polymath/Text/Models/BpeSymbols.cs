namespace Polymath.Text.Models;

/// <summary>The symbols of one piece while they are merged: a doubly linked list in arrays.</summary>
internal sealed class BpeSymbols
{
    // Scanning all neighbours for the best merge beats a heap on words of ordinary length.
    private const int ShortWord = 24;

    private int[] _ids, _lengths, _next, _previous;
    private int _count;

    internal BpeSymbols(int capacity)
    {
        _ids = new int[capacity];
        _lengths = new int[capacity];
        _next = new int[capacity];
        _previous = new int[capacity];
    }

    internal static int Utf8Length(ReadOnlySpan<char> character) =>
        character.Length == 2 ? 4 : character[0] < 0x80 ? 1 : character[0] < 0x800 ? 2 : 3;

    internal void Add(int id, int length)
    {
        if (_count == _ids.Length)
        {
            var size = Math.Max(8, 2 * _count);
            Array.Resize(ref _ids, size);
            Array.Resize(ref _lengths, size);
            Array.Resize(ref _next, size);
            Array.Resize(ref _previous, size);
        }
        (_ids[_count], _lengths[_count], _previous[_count], _next[_count]) = (id, length, _count - 1, -1);
        if (_count > 0) _next[_count - 1] = _count;
        _count++;
    }

    /// <summary>Merges until no known pair is left.</summary>
    internal void Merge(Dictionary<long, (int Rank, int Id)> merges)
    {
        if (_count <= ShortWord) MergeShort(merges);
        else MergeLong(merges);
    }

    private void MergeShort(Dictionary<long, (int Rank, int Id)> merges)
    {
        Span<(int Rank, int Id)> found = stackalloc (int, int)[ShortWord];
        for (var i = 0; i < _count; i++) found[i] = Look(i, merges);
        while (_count > 1)
        {
            var best = 0;
            for (var i = _next[0]; i >= 0; i = _next[i])
            {
                if (found[i].Rank < found[best].Rank) best = i;
            }
            if (found[best].Rank == int.MaxValue) return;
            Join(best, found[best].Id);
            found[best] = Look(best, merges);
            if (_previous[best] >= 0) found[_previous[best]] = Look(_previous[best], merges);
        }
    }

    private void MergeLong(Dictionary<long, (int Rank, int Id)> merges)
    {
        // A candidate is one number, rank above position: the smallest is the next merge.
        var heap = new MinHeap(_count);
        for (var i = 0; i < _count; i++) Push(i);
        while (heap.TryPop(out var candidate))
        {
            var (rank, at) = ((int)(candidate >> 32), (int)candidate);
            // Stale where one of the two symbols has been merged since.
            if (_lengths[at] == 0 || Look(at, merges) is var merge && merge.Rank != rank) continue;
            Join(at, merge.Id);
            Push(at);
            if (_previous[at] >= 0) Push(_previous[at]);
        }

        void Push(int at)
        {
            if (Look(at, merges) is { Rank: < int.MaxValue } merge) heap.Push(((long)merge.Rank << 32) | (uint)at);
        }
    }

    private (int Rank, int Id) Look(int at, Dictionary<long, (int Rank, int Id)> merges) =>
        _next[at] >= 0 && merges.TryGetValue(BytePairEncoding.Key(_ids[at], _ids[_next[at]]), out var merge) ? merge : (int.MaxValue, -1);

    private void Join(int at, int id)
    {
        var right = _next[at];
        _ids[at] = id;
        _lengths[at] += _lengths[right];
        _lengths[right] = 0;
        _next[at] = _next[right];
        if (_next[at] >= 0) _previous[_next[at]] = at;
    }

    /// <summary>
    /// Writes the tokens. Their ranges follow from the summed lengths, as in the reference: where characters vanished, later tokens of
    /// the piece move to the left, and a token that starts or ends inside a character covers it.
    /// </summary>
    internal void Write(ReadOnlySpan<char> piece, List<ModelToken> output)
    {
        var (unit, unitEnd, bytes) = (0, 0, 0); // the character at `unit` ends at the byte unitEnd
        for (var i = _count > 0 ? 0 : -1; i >= 0; i = _next[i])
        {
            MoveTo(piece, bytes);
            var start = unit;
            bytes += _lengths[i];
            MoveTo(piece, bytes - 1);
            output.Add(new ModelToken(_ids[i], start, unit + WidthAt(piece, unit)));
        }

        void MoveTo(ReadOnlySpan<char> piece, int target)
        {
            if (unitEnd == 0) unitEnd = Utf8Length(piece[..WidthAt(piece, 0)]);
            while (target >= unitEnd)
            {
                unit += WidthAt(piece, unit);
                unitEnd += Utf8Length(piece.Slice(unit, WidthAt(piece, unit)));
            }
        }
    }

    private static int WidthAt(ReadOnlySpan<char> piece, int at) => at + 1 < piece.Length && char.IsHighSurrogate(piece[at]) ? 2 : 1;
}
