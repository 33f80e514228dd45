using Polymath.Native;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Backbones.Layers;

/// <summary>The part of a block that treats each token by itself.</summary>
internal interface IFeedForward
{
    /// <summary>dropout(f(x)) + residual, all [T, H].</summary>
    Tensor ForwardAdd(Tensor x, Tensor residual, Dropout? dropout);

    /// <summary>states ← states + f(norm(states)).</summary>
    void Add(FewTokens tokens, INorm norm);
}

/// <summary>shrink(activation(grow(x))).</summary>
/// <param name="grow">[T, H] → [T, intermediate].</param>
/// <param name="activation">Between the two.</param>
/// <param name="shrink">[T, intermediate] → [T, H].</param>
internal sealed class FeedForward(Linear grow, Activation activation, Linear shrink) : IFeedForward
{
    /// <inheritdoc/>
    public Tensor ForwardAdd(Tensor x, Tensor residual, Dropout? dropout) => shrink.ForwardAdd(grow.Forward(x, activation), residual, dropout);

    /// <inheritdoc/>
    public void Add(FewTokens tokens, INorm norm)
    {
        using var normed = tokens.Normed(norm);
        using var grown = tokens.Product(grow, normed, activation);
        tokens.AddProduct(shrink, grown);
    }
}

/// <summary>down(activation(gate(x)) · up(x)) (Shazeer 2020); gate and up are one product.</summary>
/// <param name="gateUp">Both, [T, H] → [T, 2 · intermediate].</param>
/// <param name="activation">Acts on the gate.</param>
/// <param name="down">[T, intermediate] → [T, H].</param>
internal sealed class GatedFeedForward(Linear gateUp, Activation activation, Linear down) : IFeedForward
{
    /// <inheritdoc/>
    public Tensor ForwardAdd(Tensor x, Tensor residual, Dropout? dropout)
    {
        using var scope = NewDisposeScope();
        var both = gateUp.Forward(x).chunk(2, -1);
        return down.ForwardAdd(Activations.Apply(both[0], activation) * both[1], residual, dropout).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Add(FewTokens tokens, INorm norm)
    {
        using var normed = tokens.Normed(norm);
        using var both = tokens.Product(gateUp, normed);
        var width = both.Span.Length / tokens.Count / 2;
        using var gated = new PooledFloats(tokens.Count * width);
        for (var t = 0; t < tokens.Count; t++)
        {
            var result = gated.Span.Slice(t * width, width);
            Activations.Apply(both.Span.Slice(2 * t * width, width), result, activation);
            TensorPrimitives.Multiply(result, both.Span.Slice((2 * t + 1) * width, width), result);
        }
        tokens.AddProduct(down, gated);
    }
}
