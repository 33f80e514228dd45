using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>A parameter with its moments: Adam with decoupled weight decay, β = 0.9 and 0.999, ε = 1e-8.</summary>
internal sealed class Adam(Tensor value, double decay)
{
    private readonly Tensor _first = zeros_like(value), _second = zeros_like(value);

    public Tensor Value => value;

    public void Step(Tensor gradient, double rate, long step)
    {
        _first.mul_(0.9).add_(gradient, 0.1);
        _second.mul_(0.999).addcmul_(gradient, gradient, 0.001);
        value.mul_(1 - rate * decay);
        var root = (_second / (1 - Math.Pow(0.999, step))).sqrt_().add_(1e-8);
        value.addcdiv_(_first, root, -rate / (1 - Math.Pow(0.9, step)));
    }
}
