using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>Early stopping: remembers the parameters with the best validation score.</summary>
internal sealed class BestParameters(IReadOnlyList<KeyValuePair<string, Tensor>> parameters) : IDisposable
{
    private readonly Dictionary<string, Tensor> _best = [];

    /// <summary>Copies of the best parameters; none before the first validation.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _best;

    /// <summary>Takes note of the parameters as they are where their score is the best so far (of equal ones the first).</summary>
    public void Offer(IReadOnlyList<double> scores)
    {
        if (Waited(scores) > 0) return;
        foreach (var (name, tensor) in parameters) Keep(name, tensor);
    }

    /// <summary>Takes over a copy that a checkpoint held.</summary>
    public void Keep(string name, Tensor value)
    {
        using var noGrad = no_grad();
        if (_best.TryGetValue(name, out var copy)) copy.copy_(value);
        else _best.Add(name, value.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>How many validations have passed since the best.</summary>
    public static int Waited(IReadOnlyList<double> scores) => scores.Count - 1 - Best(scores);

    /// <summary>The validation with the best score, of equal ones the first.</summary>
    public static int Best(IReadOnlyList<double> scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Count; i++)
            if (scores[i] > scores[best]) best = i;
        return best;
    }

    /// <summary>Puts the best parameters back.</summary>
    public void Restore()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (name, tensor) in parameters)
            if (_best.TryGetValue(name, out var copy)) tensor.copy_(copy);
    }

    /// <summary>Frees the copies.</summary>
    public void Dispose()
    {
        foreach (var tensor in _best.Values) tensor.Dispose();
    }
}
