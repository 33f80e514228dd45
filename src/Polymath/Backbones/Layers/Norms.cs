using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Backbones.Layers;

/// <summary>A normalisation over the last dimension, of tensors and, in frozen networks, of single vectors.</summary>
internal interface INorm
{
    /// <summary>Of each vector of a tensor [..., width].</summary>
    Tensor Forward(Tensor x);

    /// <summary>Of one vector [width].</summary>
    void Forward(ReadOnlySpan<float> x, Span<float> y);
}

/// <summary>Layer normalisation (Ba, Kiros and Hinton 2016): (x − mean) / √(variance + ε) · weight + bias; some families have no bias.</summary>
internal sealed class LayerNorm(Tensor weight, Tensor? bias, double epsilon) : INorm
{
    private readonly long[] _shape = [weight.shape[0]];
    private readonly FrozenFloats _weight = new(weight), _bias = new(bias);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x) => nn.functional.layer_norm(x, _shape, weight, bias, epsilon);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
        TensorPrimitives.Multiply(y, 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(y) / x.Length + (float)epsilon), y);
        if (bias is null) TensorPrimitives.Multiply(y, _weight.Values, y);
        else TensorPrimitives.MultiplyAdd(y, _weight.Values, _bias.Values, y);
    }
}

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019): x / √(mean(x²) + ε) · weight.</summary>
internal sealed class RmsNorm(Tensor weight, double epsilon) : INorm
{
    private readonly FrozenFloats _weight = new(weight);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x) => Scripts.RmsNorm(x, weight, epsilon);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Multiply(x, 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares(x) / x.Length + (float)epsilon), y);
        TensorPrimitives.Multiply(y, _weight.Values, y);
    }
}

/// <summary>The values of a tensor that does not change, copied when they are first asked for.</summary>
internal sealed class FrozenFloats(Tensor? tensor)
{
    private float[]? _values;

    /// <summary>The values; none for no tensor.</summary>
    public ReadOnlySpan<float> Values => _values ??= Copy();

    private float[] Copy()
    {
        if (tensor is null) return [];
        var values = new float[tensor.numel()];
        FloatStore.Read(tensor.bytes, values, tensor.dtype);
        return values;
    }
}
