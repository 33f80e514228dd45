using static TorchSharp.torch;

namespace Polymath.Backbones.Attention;

/// <summary>The keys and values that the blocks of a network made of some tokens, [tokens, key heads, width] each.</summary>
internal sealed class KeyValues(int layers) : IDisposable
{
    private readonly Tensor?[] _keys = new Tensor?[layers], _values = new Tensor?[layers];

    /// <summary>The number of tokens.</summary>
    public int Tokens => _keys[0] is { } keys ? (int)keys.shape[0] : 0;

    /// <summary>The keys of a block.</summary>
    public Tensor Keys(int layer) => _keys[layer]!;

    /// <summary>The values of a block.</summary>
    public Tensor Values(int layer) => _values[layer]!;

    /// <summary>Adds the keys and values of further tokens.</summary>
    public void Append(int layer, Tensor keys, Tensor values)
    {
        _keys[layer] = Joined(_keys[layer], keys);
        _values[layer] = Joined(_values[layer], values);
    }

    /// <summary>The same keys and values, to be gone on with apart.</summary>
    public KeyValues Copy()
    {
        var copy = new KeyValues(_keys.Length);
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            copy._keys[layer] = _keys[layer]?.alias().DetachFromDisposeScope();
            copy._values[layer] = _values[layer]?.alias().DetachFromDisposeScope();
        }
        return copy;
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values)) tensor?.Dispose();
    }

    private static Tensor Joined(Tensor? before, Tensor more)
    {
        var joined = before is null ? more.contiguous().clone() : cat([before, more]);
        before?.Dispose();
        return joined.DetachFromDisposeScope();
    }
}
