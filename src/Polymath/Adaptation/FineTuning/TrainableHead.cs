using Polymath.Backbones;
using Polymath.Tasks.Heads;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>What stands on top of a network in training.</summary>
internal abstract class TrainableHead : IDisposable
{
    /// <summary>Parameters that are not the network's own.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, Tensor>> Parameters => [];

    /// <summary>Scores of packed rows, [rows, outputs].</summary>
    public abstract Tensor Scores(Tensor hidden, PackedBatch batch, Dropout? dropout);

    /// <summary>Frees the parameters.</summary>
    public virtual void Dispose() { }
}

/// <summary>A new linear head on pooled vectors.</summary>
internal sealed class NewHead : TrainableHead
{
    private readonly Pooling _pooling;
    private readonly Tensor _weight, _bias;

    /// <param name="start">The weights to start from.</param>
    /// <param name="pooling">How tokens become one vector.</param>
    public NewHead(LinearHead start, Pooling pooling)
    {
        _pooling = pooling;
        _weight = Leaf(start.Weights, start.Classes, start.Inputs);
        _bias = Leaf(start.Bias, start.Classes);
    }

    public override IReadOnlyList<KeyValuePair<string, Tensor>> Parameters => [new("head.weight", _weight), new("head.bias", _bias)];

    public override Tensor Scores(Tensor hidden, PackedBatch batch, Dropout? dropout)
    {
        var pooled = Pooled.Rows(hidden, batch, _pooling);
        return nn.functional.linear(dropout?.Apply(pooled) ?? pooled, _weight, _bias);
    }

    /// <summary>The head as it is now.</summary>
    public LinearHead ToHead() => new(_weight.detach().contiguous().data<float>().ToArray(), _bias.detach().data<float>().ToArray(), (int)_weight.shape[1]);

    public override void Dispose()
    {
        _weight.Dispose();
        _bias.Dispose();
        base.Dispose();
    }

    private static Tensor Leaf(float[] values, params long[] shape) => tensor(values, shape).DetachFromDisposeScope().requires_grad_();
}

/// <summary>The folder's own classification head.</summary>
internal sealed class KeptHead(Encoder network) : TrainableHead
{
    public override Tensor Scores(Tensor hidden, PackedBatch batch, Dropout? dropout) => network.HeadScores(hidden, batch);
}
