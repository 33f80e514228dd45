namespace Polymath.Text.Models;

/// <summary>A heap of numbers, four children a node: on millions of entries several times faster than a general priority queue.</summary>
internal sealed class MinHeap(int capacity)
{
    private const int Children = 4;
    private long[] _items = new long[Math.Max(4, capacity)];
    private int _count;

    internal void Push(long value)
    {
        if (_count == _items.Length) Array.Resize(ref _items, 2 * _count);
        var at = _count++;
        while (at > 0)
        {
            var parent = (at - 1) / Children;
            if (_items[parent] <= value) break;
            _items[at] = _items[parent];
            at = parent;
        }
        _items[at] = value;
    }

    internal bool TryPop(out long smallest)
    {
        smallest = _items[0];
        if (_count == 0) return false;
        var value = _items[--_count];
        var at = 0;
        while (true)
        {
            var first = at * Children + 1;
            if (first >= _count) break;
            var least = first;
            var end = Math.Min(first + Children, _count);
            for (var child = first + 1; child < end; child++)
            {
                if (_items[child] < _items[least]) least = child;
            }
            if (_items[least] >= value) break;
            _items[at] = _items[least];
            at = least;
        }
        _items[at] = value;
        return true;
    }
}
