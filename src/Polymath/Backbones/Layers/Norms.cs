using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Layers;

/// <summary>Layer normalisation over the last dimension (Ba, Kiros and Hinton 2016); some families have no bias.</summary>
internal sealed class LayerNorm(Tensor weight, Tensor? bias, double epsilon)
{
    private readonly long[] _shape = [weight.shape[0]];

    /// <summary>(x − mean) / √(variance + ε) · weight + bias.</summary>
    public Tensor Forward(Tensor x) => nn.functional.layer_norm(x, _shape, weight, bias, epsilon);
}

/// <summary>Root-mean-square normalisation over the last dimension (Zhang and Sennrich 2019).</summary>
internal sealed class RmsNorm(Tensor weight, double epsilon)
{
    /// <summary>x / √(mean(x²) + ε) · weight.</summary>
    public Tensor Forward(Tensor x) => Scripts.RmsNorm(x, weight, epsilon);
}
