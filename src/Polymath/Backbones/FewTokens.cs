using System.Buffers;
using Polymath.Backbones.Layers;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Backbones;

/// <summary>
/// The states of a few tokens on their way through the blocks of a frozen network, as plain floats. Between the products of a block lie some twenty operations on
/// a few thousand numbers: calling libtorch for each of them takes many times as long as the arithmetic, so here only the products are libtorch's.
/// </summary>
internal sealed class FewTokens : IDisposable
{
    private readonly Dictionary<int, Tensor> _inputs = [];
    private readonly ScalarType _type;
    private readonly float[] _states;

    /// <param name="embeddings">[T, H], of the type of the network.</param>
    public FewTokens(Tensor embeddings)
    {
        (Count, Width, _type) = ((int)embeddings.shape[0], (int)embeddings.shape[1], embeddings.dtype);
        _states = new float[Count * Width];
        FloatStore.Read(embeddings.bytes, _states, _type);
    }

    /// <summary>The number of tokens, T.</summary>
    public int Count { get; }

    /// <summary>The width of a state, H.</summary>
    public int Width { get; }

    /// <summary>The states as a tensor [T, H] of the type of the network.</summary>
    public Tensor ToTensor()
    {
        var tensor = empty(Count, Width, dtype: _type);
        FloatStore.Write(_states, tensor.bytes, _type);
        return tensor;
    }

    /// <summary>norm(states), [T, H].</summary>
    public PooledFloats Normed(INorm norm)
    {
        var normed = new PooledFloats(Count * Width);
        for (var at = 0; at < _states.Length; at += Width) norm.Forward(_states.AsSpan(at, Width), normed.Span.Slice(at, Width));
        return normed;
    }

    /// <summary>activation(layer(x)), [T, outputs]; x is [T, inputs].</summary>
    public PooledFloats Product(Linear layer, PooledFloats x, Activation activation = Activation.None)
    {
        var width = x.Span.Length / Count;
        if (!_inputs.TryGetValue(width, out var input)) _inputs.Add(width, input = empty(Count, width, dtype: _type).DetachFromDisposeScope());
        FloatStore.Write(x.Span, input.bytes, _type);
        using var output = layer.Forward(input, activation);
        var product = new PooledFloats((int)output.numel());
        FloatStore.Read(output.bytes, product.Span, _type);
        return product;
    }

    /// <summary>states ← states + layer(x).</summary>
    public void AddProduct(Linear layer, PooledFloats x)
    {
        using var product = Product(layer, x);
        TensorPrimitives.Add(_states, product.Span, _states);
    }

    /// <summary>Frees what the products read.</summary>
    public void Dispose()
    {
        foreach (var input in _inputs.Values) input.Dispose();
    }
}

/// <summary>Floats from the shared pool, of no particular value at first; given back when disposed.</summary>
internal readonly struct PooledFloats(int length) : IDisposable
{
    private readonly float[] _floats = ArrayPool<float>.Shared.Rent(length);

    /// <summary>The floats.</summary>
    public Span<float> Span => _floats.AsSpan(0, length);

    /// <summary>Gives them back.</summary>
    public void Dispose() => ArrayPool<float>.Shared.Return(_floats);
}
