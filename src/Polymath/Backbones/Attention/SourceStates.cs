using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Attention;

/// <summary>
/// What the decoder of an encoder-decoder looks at: the encoder's last states of some rows, packed. A decoder's tokens belong to the rows in turn, so many to
/// each; attention runs once, padded to the longest. Where further passes read the same source, each block's keys and values are made once.
/// </summary>
internal sealed class SourceStates : IDisposable
{
    private readonly int[] _offsets;
    private readonly Dictionary<int, Tensor> _made = [];
    private readonly bool _remember;
    private readonly int _longest;
    private readonly Tensor _states;
    private readonly Tensor? _places, _mask;

    /// <param name="states">The encoder's states, [source tokens, H].</param>
    /// <param name="offsets">Row r holds tokens offsets[r] to offsets[r + 1] − 1.</param>
    /// <param name="remember">Whether keys and values are kept for further passes; not in training.</param>
    public SourceStates(Tensor states, int[] offsets, bool remember)
    {
        (_states, _offsets, _remember) = (states.DetachFromDisposeScope(), offsets, remember);
        _longest = Enumerable.Range(0, Rows).Max(row => offsets[row + 1] - offsets[row]);
        if (Enumerable.Range(0, Rows).All(row => offsets[row + 1] - offsets[row] == _longest)) return;
        using var scope = NewDisposeScope();
        _places = Padded(offsets, _longest, out var real).DetachFromDisposeScope();
        _mask = zeros([Rows, 1, 1, _longest], states.dtype).masked_fill(tensor(real).view(Rows, 1, 1, _longest).logical_not(), float.NegativeInfinity).DetachFromDisposeScope();
    }

    /// <summary>Number of rows.</summary>
    public int Rows => _offsets.Length - 1;

    /// <summary>The rows in a new order; rows may repeat.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="remember">Whether the selection keeps keys and values for further passes.</param>
    public SourceStates Select(int[] rows, bool remember)
    {
        using var scope = NewDisposeScope();
        var places = tensor(rows.SelectMany(row => Enumerable.Range(_offsets[row], _offsets[row + 1] - _offsets[row]).Select(t => (long)t)).ToArray());
        var offsets = new int[rows.Length + 1];
        for (var r = 0; r < rows.Length; r++) offsets[r + 1] = offsets[r] + _offsets[rows[r] + 1] - _offsets[rows[r]];
        var selected = new SourceStates(_states.index_select(0, places), offsets, remember);
        var chosen = tensor(Array.ConvertAll(rows, row => (long)row));
        foreach (var (layer, keysValues) in _made) selected._made.Add(layer, keysValues.index_select(0, chosen).narrow(1, 0, selected._longest).contiguous().DetachFromDisposeScope());
        return selected;
    }

    /// <summary>softmax(scale · q kᵀ) v over the row of each query.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="q">Queries [T, heads, width], the rows' tokens one after another.</param>
    /// <param name="counts">How many of them each row has.</param>
    /// <param name="project">The block's keys and values of the states: [source tokens, H] → [source tokens, 2 · heads · width].</param>
    /// <param name="scale">Factor of the scores; null for 1 / √width.</param>
    /// <returns>[T, heads · width].</returns>
    public Tensor Attend(int layer, Tensor q, int[] counts, Func<Tensor, Tensor> project, double? scale = null)
    {
        long heads = q.shape[1], width = q.shape[2];
        if (!_made.TryGetValue(layer, out var keysValues))
        {
            keysValues = project(_states);
            keysValues = (_places is null ? keysValues : keysValues.Rows(_places)).view(Rows, _longest, 2, heads, width);
            if (_remember) _made.Add(layer, keysValues.DetachFromDisposeScope());
        }
        var longest = counts.Max();
        var flat = q.reshape(q.shape[0], heads * width);
        var even = counts.All(count => count == longest);
        if (!even)
        {
            var starts = new int[counts.Length + 1];
            for (var row = 0; row < counts.Length; row++) starts[row + 1] = starts[row] + counts[row];
            flat = flat.Rows(Padded(starts, longest, out _));
        }
        var parts = keysValues.unbind(2);
        var context = Scripts.Attention(flat.view(Rows, longest, heads, width).transpose(1, 2), parts[0].transpose(1, 2), parts[1].transpose(1, 2), _mask, scale: scale)
            .transpose(1, 2).reshape((long)Rows * longest, heads * width);
        return even ? context : context.Rows(tensor(counts.SelectMany((count, row) => Enumerable.Range(row * longest, count).Select(t => (long)t)).ToArray()));
    }

    /// <summary>Frees the states.</summary>
    public void Dispose()
    {
        _states.Dispose();
        _places?.Dispose();
        _mask?.Dispose();
        foreach (var tensor in _made.Values) tensor.Dispose();
    }

    /// <summary>For each padded place the packed token; padding repeats the row's first token, or the last of all where the row is empty.</summary>
    private static Tensor Padded(int[] offsets, int longest, out bool[] real)
    {
        var rows = offsets.Length - 1;
        var places = new long[rows * longest];
        real = new bool[rows * longest];
        for (var r = 0; r < rows; r++)
            for (var t = 0; t < longest; t++)
            {
                real[r * longest + t] = t < offsets[r + 1] - offsets[r];
                places[r * longest + t] = real[r * longest + t] ? offsets[r] + t : Math.Min(offsets[r], offsets[^1] - 1);
            }
        return tensor(places);
    }
}
