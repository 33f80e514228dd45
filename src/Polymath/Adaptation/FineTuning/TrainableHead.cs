using Polymath.Backbones;
using Polymath.Features;
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

    /// <summary>The texts of a row that the network reads one by one.</summary>
    public virtual int TextsPerRow => 1;

    /// <summary>Whether the states of every layer are read, instead of the last one's alone.</summary>
    public virtual bool ReadsAllLayers => false;

    /// <summary>Scores of the batch's rows in the caller's order, [rows, outputs].</summary>
    /// <param name="states">Token states by layer, [T, H] each; null where they are not read.</param>
    /// <param name="batch">Where the rows are.</param>
    /// <param name="dropout">Applied to the pooled vectors; null for none.</param>
    protected abstract Tensor Scores(Tensor?[] states, PackedBatch batch, Dropout? dropout);

    /// <summary>Runs the network and scores the batch's rows in the caller's order, [rows, outputs].</summary>
    public Tensor Scores(Network network, PackedBatch batch, Dropout? dropout) =>
        Scores(network.Hidden(batch, layer => ReadsAllLayers || layer == network.Config.Layers, dropout), batch, dropout);

    /// <summary>Frees the parameters.</summary>
    public virtual void Dispose() { }

    /// <summary>Packed rows in the caller's order.</summary>
    protected static Tensor Unpacked(Tensor rows, PackedBatch batch) => rows.index_select(0, tensor(Array.ConvertAll(batch.Places, place => (long)place)));
}

/// <summary>A new linear head on pooled vectors, or on what is made of the vectors of two texts.</summary>
internal sealed class NewHead : TrainableHead
{
    private readonly Pooling _pooling;
    private readonly PairEncoding _pairs;
    private readonly Tensor _weight, _bias;

    /// <param name="start">The weights to start from.</param>
    /// <param name="pooling">How tokens become one vector.</param>
    /// <param name="pairs">How two texts become one vector.</param>
    public NewHead(LinearHead start, Pooling pooling, PairEncoding pairs = PairEncoding.Joint)
    {
        (_pooling, _pairs) = (pooling, pairs);
        _weight = Leaf(start.Weights, start.Classes, start.Inputs);
        _bias = Leaf(start.Bias, start.Classes);
    }

    public override IReadOnlyList<KeyValuePair<string, Tensor>> Parameters => [new("head.weight", _weight), new("head.bias", _bias)];

    public override int TextsPerRow => _pairs == PairEncoding.Joint ? 1 : 2;

    public override bool ReadsAllLayers => _pairs != PairEncoding.Joint;

    protected override Tensor Scores(Tensor?[] states, PackedBatch batch, Dropout? dropout)
    {
        var vectors = Pooled.Rows(states[^1]!, batch, _pooling);
        var rows = Unpacked(dropout?.Apply(vectors) ?? vectors, batch);
        return nn.functional.linear(_pairs == PairEncoding.Joint ? rows : Pooled.Pairs(rows, Likeness(states, batch), _pairs), _weight, _bias);
    }

    /// <summary>Cosines of two texts at every layer, as <see cref="FeatureRecipe"/> orders them.</summary>
    private static Tensor Likeness(Tensor?[] states, PackedBatch batch) =>
        cat([.. FeatureRecipe.Likeness.SelectMany(pooling => states.Select(state => Pooled.Cosines(Unpacked(Pooled.Rows(state!, batch, pooling), batch))))], 1);

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
internal sealed class KeptHead(Network network) : TrainableHead
{
    protected override Tensor Scores(Tensor?[] states, PackedBatch batch, Dropout? dropout) => Unpacked(network.HeadScores(states[^1]!, batch), batch);
}
