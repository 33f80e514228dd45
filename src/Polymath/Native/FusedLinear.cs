using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Polymath.Native;

/// <summary>What follows a linear layer inside the same native call.</summary>
internal enum Activation
{
    None,
    Gelu,
    GeluTanh,
    Relu,
    Silu,
    Tanh,
}

/// <summary>A linear layer whose weight is kept in a layout of its own, for inference.</summary>
internal interface IFrozenLinear : IDisposable
{
    /// <summary>activation(x Wᵀ + b); x [rows, inputs] → [rows, outputs].</summary>
    Tensor Forward(Tensor x, Activation activation = Activation.None);

    /// <summary>x Wᵀ + b + residual, all [rows, outputs].</summary>
    Tensor ForwardAdd(Tensor x, Tensor residual);
}

/// <summary>
/// oneDNN's linear layers with the weight laid out once for the processor, and the activation or the residual sum fused in.
/// These operators are registered in libtorch as <c>mkldnn::_linear_pointwise</c> and reached through <see cref="SavedScript"/>. No gradient passes
/// through them: they serve inference only. Where they are absent (libtorch for ARM), <see cref="Pack"/> returns null and callers use <c>F.linear</c>.
/// </summary>
internal sealed class FusedLinear : IFrozenLinear
{
    private const string Source = """
        class Ops(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.Ops, w: Tensor, rows: int) -> Tensor:
            return ops.mkldnn._reorder_linear_weight(w, rows)
          def none(self: __torch__.Ops, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, w, b, "none", annotate(List[Optional[number]], []), "")
          def gelu(self: __torch__.Ops, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, w, b, "gelu", annotate(List[Optional[number]], []), "none")
          def gelu_tanh(self: __torch__.Ops, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, w, b, "gelu", annotate(List[Optional[number]], []), "tanh")
          def relu(self: __torch__.Ops, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, w, b, "relu", annotate(List[Optional[number]], []), "")
          def add(self: __torch__.Ops, x: Tensor, y: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, y, w, b, "add")

        """;

    /// <summary>The number of rows a weight is laid out for; other numbers work as well.</summary>
    private const long TypicalRows = 1024;

    private static readonly Lazy<jit.ScriptModule?> Module = new(() => SavedScript.Load(Source));

    private readonly Tensor _weight;
    private readonly Tensor? _bias;

    private FusedLinear(Tensor weight, Tensor? bias) => (_weight, _bias) = (weight, bias);

    /// <summary>Whether this platform's libtorch has the operators.</summary>
    public static bool IsAvailable => Module.Value is not null;

    /// <summary>Lays a weight [outputs, inputs] out for the processor; null where the operators are absent.</summary>
    public static FusedLinear? Pack(Tensor weight, Tensor? bias)
    {
        if (Module.Value is not { } module) return null;
        using var noGrad = no_grad();
        var packed = (Tensor)module.invoke("pack", weight.detach(), TypicalRows);
        return new FusedLinear(packed.DetachFromDisposeScope(), bias?.detach().DetachFromDisposeScope());
    }

    /// <summary>activation(x Wᵀ + b); x [rows, inputs] → [rows, outputs].</summary>
    public Tensor Forward(Tensor x, Activation activation = Activation.None) => activation switch
    {
        Activation.None => Call("none", x),
        Activation.Gelu => Call("gelu", x),
        Activation.GeluTanh => Call("gelu_tanh", x),
        Activation.Relu => Call("relu", x),
        _ => Activations.Apply(Call("none", x), activation),
    };

    /// <summary>x Wᵀ + b + residual, all [rows, outputs].</summary>
    public Tensor ForwardAdd(Tensor x, Tensor residual) => (Tensor)Module.Value!.invoke("add", x, residual, _weight, _bias!);

    /// <summary>Frees the laid-out weight.</summary>
    public void Dispose()
    {
        _weight.Dispose();
        _bias?.Dispose();
    }

    private Tensor Call(string method, Tensor x) => (Tensor)Module.Value!.invoke(method, x, _weight, _bias!);
}

/// <summary>Activations by name, as one operation each.</summary>
internal static class Activations
{
    /// <summary>Applies an activation to a fresh tensor.</summary>
    public static Tensor Apply(Tensor x, Activation activation) => activation switch
    {
        Activation.None => x,
        Activation.Gelu => nn.functional.gelu(x),
        Activation.GeluTanh => Scripts.GeluTanh(x),
        Activation.Relu => nn.functional.relu(x),
        Activation.Silu => nn.functional.silu(x),
        Activation.Tanh => x.tanh(),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>Applies an activation to plain floats.</summary>
    public static void Apply(ReadOnlySpan<float> x, Span<float> y, Activation activation)
    {
        switch (activation)
        {
            case Activation.None: x.CopyTo(y); break;
            case Activation.Relu: TensorPrimitives.Max(x, 0, y); break;
            case Activation.Tanh: TensorPrimitives.Tanh(x, y); break;
            case Activation.Silu:
                TensorPrimitives.Sigmoid(x, y);
                TensorPrimitives.Multiply(x, y, y);
                break;
            default:
                using (NewDisposeScope()) FloatStore.Read(Apply(tensor(x.ToArray()), activation).bytes, y, ScalarType.Float32);
                break;
        }
    }

    /// <summary>The activation that a config names.</summary>
    /// <exception cref="PolymathException">The name is not known.</exception>
    public static Activation Parse(string name, string source) => name switch
    {
        "gelu" or "gelu_python" => Activation.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" or "gelu_accurate" => Activation.GeluTanh,
        "relu" => Activation.Relu,
        "silu" or "swish" => Activation.Silu,
        "tanh" => Activation.Tanh,
        "linear" => Activation.None,
        _ => throw new PolymathException($"{source}: the activation '{name}' is not known; known are gelu, gelu_new, gelu_pytorch_tanh, relu, silu, tanh and linear"),
    };
}
