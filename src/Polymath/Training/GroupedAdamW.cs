using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>AdamW over groups of parameters, with gradient clipping over all of them.</summary>
internal sealed class GroupedAdamW(IReadOnlyList<ParameterGroup> groups) : IDisposable
{
    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile("""
        def norm(g: List[Tensor]):
            return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(g)))

        """));

    private readonly FusedAdamW[] _optimizers = [.. groups.Select(group => new FusedAdamW(group.Parameters.Select(entry => entry.Value)))];

    private IEnumerable<Tensor> Parameters => groups.SelectMany(group => group.Parameters).Select(entry => entry.Value);

    /// <summary>Takes the groups whose time has come out of the freezer, puts the others in, and forgets old gradients.</summary>
    public void Begin(long step)
    {
        foreach (var group in groups)
            foreach (var (_, parameter) in group.Parameters)
            {
                parameter.grad?.Dispose();
                parameter.grad = null;
                parameter.requires_grad = step >= group.FrozenSteps;
            }
    }

    /// <summary>Clips the gradients and moves the parameters.</summary>
    /// <param name="learningRate">The rate of scale 1.</param>
    /// <param name="maxNorm">The largest norm of all gradients together; 0 for no limit.</param>
    /// <returns>The norm before clipping.</returns>
    public double Step(double learningRate, double maxNorm)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor[] gradients = [.. Parameters.Where(p => p.requires_grad).Select(p => p.grad).OfType<Tensor>()];
        if (gradients.Length == 0) return 0;
        var norm = ((Tensor)Script.Value.invoke("norm", new object[] { gradients })).ToDouble();
        var divisor = maxNorm > 0 && norm > maxNorm ? (norm + 1e-6) / maxNorm : 1;
        for (var g = 0; g < groups.Count; g++)
            if (groups[g].Parameters[0].Value.requires_grad) _optimizers[g].Step(learningRate * groups[g].Scale, groups[g].WeightDecay, divisor: divisor);
        return norm;
    }

    /// <summary>The optimizer's state by the names of the parameters.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        for (var g = 0; g < groups.Count; g++)
        {
            var (state, count) = (_optimizers[g].State, groups[g].Parameters.Count);
            for (var i = 0; i < state.Count; i++) yield return new($"{Parts[i / count]}.{groups[g].Parameters[i % count].Key}", state[i]);
        }
    }

    /// <summary>Frees the state; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (var optimizer in _optimizers) optimizer.Dispose();
    }

    private static readonly string[] Parts = ["mean", "square", "step"];
}
