using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Layers;

/// <summary>
/// x Wᵀ + b. A frozen layer keeps its weight only in the processor's own layout (<see cref="FusedLinear"/>); a trainable one keeps the plain
/// weights and lets gradients through. Both are the same function.
/// </summary>
internal sealed class Linear
{
    private readonly IFrozenLinear? _frozen;

    private readonly Tensor[] _weights, _biases;
    private readonly bool _transposed;

    /// <param name="weights">One or more weights [outputs, inputs] that read the same input; their outputs are concatenated.</param>
    /// <param name="biases">Their biases [outputs], or none.</param>
    /// <param name="owner">Frees what the layer makes of its own.</param>
    /// <param name="transposed">Whether the weight is stored as [inputs, outputs] (GPT-2's Conv1D).</param>
    public Linear(Tensor[] weights, Tensor[] biases, Weights owner, bool transposed = false)
    {
        (_weights, _biases, _transposed) = (weights, biases, transposed);
        if (owner.Trainable) return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = Weight().contiguous();
        var bias = Join(biases);
        _frozen = owner.Fused ? FusedLinear.Pack(weight, bias) : null;
        if (_frozen is not null) owner.Own(_frozen);
        else (_weights, _biases, _transposed) = ([owner.Own(weight.alias())], bias is null ? [] : [owner.Own(bias.alias())], false);
    }

    /// <summary>A frozen layer that is made already.</summary>
    public Linear(IFrozenLinear frozen) => (_frozen, _weights, _biases) = (frozen, [], []);

    /// <summary>activation(x Wᵀ + b); x [rows, inputs] → [rows, outputs].</summary>
    public Tensor Forward(Tensor x, Activation activation = Activation.None)
    {
        if (_frozen is not null) return _frozen.Forward(x, activation);
        return Activations.Apply(Plain(x), activation);
    }

    /// <summary>dropout(x Wᵀ + b) + residual.</summary>
    public Tensor ForwardAdd(Tensor x, Tensor residual, Training.Dropout? dropout = null) =>
        dropout is not null ? dropout.Apply(Forward(x)) + residual : _frozen is not null ? _frozen.ForwardAdd(x, residual) : Plain(x) + residual;

    private Tensor Plain(Tensor x) => nn.functional.linear(x, Weight(), Join(_biases));

    private Tensor Weight() => _transposed ? Join(_weights)!.t() : Join(_weights)!;

    private static Tensor? Join(Tensor[] parts) => parts.Length switch { 0 => null, 1 => parts[0], _ => cat(parts) };
}
