using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Native;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) as one native call a step: PyTorch's <c>_fused_adamw_</c>, reached through TorchScript because
/// TorchSharp's own optimizer walks over memory about nine times. The state is plain tensors, so it can be saved and resumed exactly.
/// </summary>
internal sealed class FusedAdamW : IDisposable
{
    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile("""
        def step(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], mx: List[Tensor], s: List[Tensor], lr: float, b1: float, b2: float, wd: float, eps: float):
            torch._foreach_add_(s, 1)
            torch._fused_adamw_(p, g, m, v, mx, s, lr=lr, beta1=b1, beta2=b2, weight_decay=wd, eps=eps, amsgrad=False, maximize=False)
            return s[0]
        def divided(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], mx: List[Tensor], s: List[Tensor], lr: float, b1: float, b2: float, wd: float, eps: float, by: Tensor):
            torch._foreach_add_(s, 1)
            torch._fused_adamw_(p, g, m, v, mx, s, lr=lr, beta1=b1, beta2=b2, weight_decay=wd, eps=eps, amsgrad=False, maximize=False, grad_scale=by)
            return s[0]

        """));

    private readonly Tensor[] _parameters, _means, _squares, _steps;

    /// <param name="parameters">What to train: float32 leaves that need gradients, each once.</param>
    public FusedAdamW(IEnumerable<Tensor> parameters)
    {
        _parameters = [.. parameters];
        using var scope = NewDisposeScope();
        _means = [.. _parameters.Select(p => zeros_like(p).DetachFromDisposeScope())];
        _squares = [.. _parameters.Select(p => zeros_like(p).DetachFromDisposeScope())];
        _steps = [.. _parameters.Select(_ => zeros(Array.Empty<long>()).DetachFromDisposeScope())];
    }

    /// <summary>First moments, second moments and step counts, in the order of the parameters.</summary>
    public IReadOnlyList<Tensor> State => [.. _means, .. _squares, .. _steps];

    /// <summary>One step with the gradients that the parameters hold; parameters without a gradient stay as they are.</summary>
    /// <param name="learningRate">The rate.</param>
    /// <param name="weightDecay">The share of a parameter, times the rate, that is taken off it.</param>
    /// <param name="beta1">How much of the first moment stays.</param>
    /// <param name="beta2">How much of the second moment stays.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="divisor">Gradients are divided by it on the way, in the same pass over memory.</param>
    public void Step(double learningRate, double weightDecay = 0.01, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double divisor = 1)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var live = Enumerable.Range(0, _parameters.Length).Where(i => _parameters[i].grad is not null).ToArray();
        if (live.Length == 0) return;
        Tensor[] Pick(Tensor[] from) => [.. live.Select(i => from[i])];
        object[] arguments = [Pick(_parameters), live.Select(i => _parameters[i].grad!).ToArray(), Pick(_means), Pick(_squares), Array.Empty<Tensor>(), Pick(_steps),
            learningRate, beta1, beta2, weightDecay, epsilon];
        if (divisor == 1) Script.Value.invoke("step", arguments);
        else Script.Value.invoke("divided", [.. arguments, tensor((float)divisor)]);
    }

    /// <summary>Frees the state; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (var tensor in State) tensor.Dispose();
    }
}
