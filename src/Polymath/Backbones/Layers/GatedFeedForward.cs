using Polymath.Native;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Layers;

/// <summary>down(activation(gate(x)) · up(x)) + residual (Shazeer 2020); gate and up are one product.</summary>
/// <param name="gateUp">Both, [T, H] → [T, 2 · intermediate].</param>
/// <param name="activation">Acts on the gate.</param>
/// <param name="down">[T, intermediate] → [T, H].</param>
internal sealed class GatedFeedForward(Linear gateUp, Activation activation, Linear down)
{
    /// <summary>Tokens [T, H], of which <paramref name="residual"/> is added.</summary>
    public Tensor ForwardAdd(Tensor x, Tensor residual, Dropout? dropout)
    {
        using var scope = NewDisposeScope();
        var both = gateUp.Forward(x).chunk(2, -1);
        return down.ForwardAdd(Activations.Apply(both[0], activation) * both[1], residual, dropout).MoveToOuterDisposeScope();
    }
}
