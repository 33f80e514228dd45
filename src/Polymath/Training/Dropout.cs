using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>
/// Dropout (Srivastava et al. 2014) whose masks follow from a seed alone: every step draws from a generator of its own, so a resumed run draws
/// what the uninterrupted one drew, and trainings beside each other do not disturb one another.
/// </summary>
internal sealed class Dropout(double rate, ulong seed) : IDisposable
{
    private readonly Generator _generator = new(seed);

    /// <summary>Sets a share of the values to zero and scales the others up, so that the mean stays.</summary>
    public Tensor Apply(Tensor x)
    {
        using var mask = empty_like(x, requires_grad: false).bernoulli_(1 - rate, _generator);
        return x * mask.div_(1 - rate);
    }

    /// <summary>Frees the generator.</summary>
    public void Dispose() => _generator.Dispose();
}
