using Polymath.Backbones;
using Polymath.Features;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>
/// The cosine of two rows' vectors should be 1 within a class and 0 between classes; the loss is the mean squared difference, as in SetFit.
/// A row that stands in several pairs of a step is encoded once.
/// </summary>
internal sealed class ContrastiveProblem(Network network, Pooling pooling, TokenRow[] rows, RowPair[] pairs, int batchPairs) : ITrainingProblem
{
    public long StepsPerEpoch => (pairs.Length + batchPairs - 1) / batchPairs;

    public IEnumerable<Tensor> Losses(long step, Dropout? dropout)
    {
        using var scope = NewDisposeScope();
        var chosen = pairs[(int)(step * batchPairs)..(int)Math.Min(pairs.Length, (step + 1) * batchPairs)];
        int[] distinct = [.. chosen.SelectMany(pair => new[] { pair.First, pair.Second }).Distinct()];
        using var batch = TokenRow.Pack(distinct, rows);
        var vectors = nn.functional.normalize(Pooled.Rows(network.Last(batch, dropout), batch, pooling)); // [packed rows, H]
        var place = new Dictionary<int, long>();
        for (var r = 0; r < batch.Rows; r++) place[distinct[batch.Order[r]]] = r;
        Tensor Side(Func<RowPair, int> row) => vectors.index_select(0, tensor(chosen.Select(pair => place[row(pair)]).ToArray()));
        var cosines = (Side(pair => pair.First) * Side(pair => pair.Second)).sum(1);
        yield return (cosines - tensor(chosen.Select(pair => pair.Alike ? 1f : 0f).ToArray())).square().mean();
    }

    public double? Validate() => null;
}
