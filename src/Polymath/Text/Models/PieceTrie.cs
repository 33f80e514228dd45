namespace Polymath.Text.Models;

/// <summary>
/// All prefixes of a text that are pieces of a vocabulary, shortest first. The edges lie in one open-addressed table: a hundred thousand
/// pieces take a few megabytes and a step costs one or two looks.
/// </summary>
internal sealed class PieceTrie
{
    private const ulong Spread = 0x9E3779B97F4A7C15;

    // An edge is (node, UTF-16 unit) in one number, plus one so that 0 is free; _targets says where it leads.
    private ulong[] _edges = new ulong[1024];
    private int[] _targets = new int[1024];
    private int _shift = 64 - 10;
    private int _edgeCount;
    private readonly List<int> _ids = [-1];

    internal void Add(ReadOnlySpan<char> piece, int id)
    {
        var node = 0;
        foreach (var c in piece)
        {
            var next = Next(node, c);
            if (next < 0)
            {
                if (2 * ++_edgeCount > _edges.Length) Grow();
                next = _ids.Count;
                _ids.Add(-1);
                Put(Edge(node, c), next);
            }
            node = next;
        }
        if (node > 0) _ids[node] = id;
    }

    /// <summary>The node behind one more unit, or -1. The root is 0.</summary>
    internal int Next(int node, char unit)
    {
        var edge = Edge(node, unit);
        for (var slot = Slot(edge); _edges[slot] != 0; slot = (slot + 1) & (_edges.Length - 1))
        {
            if (_edges[slot] == edge) return _targets[slot];
        }
        return -1;
    }

    /// <summary>The id of the piece that ends at a node, or -1.</summary>
    internal int IdAt(int node) => _ids[node];

    private static ulong Edge(int node, char unit) => (((ulong)node << 16) | unit) + 1;

    private int Slot(ulong edge) => (int)((edge * Spread) >> _shift);

    private void Put(ulong edge, int target)
    {
        var slot = Slot(edge);
        while (_edges[slot] != 0) slot = (slot + 1) & (_edges.Length - 1);
        (_edges[slot], _targets[slot]) = (edge, target);
    }

    private void Grow()
    {
        var (edges, targets) = (_edges, _targets);
        _edges = new ulong[2 * edges.Length];
        _targets = new int[2 * edges.Length];
        _shift--;
        for (var i = 0; i < edges.Length; i++)
        {
            if (edges[i] != 0) Put(edges[i], targets[i]);
        }
    }
}
