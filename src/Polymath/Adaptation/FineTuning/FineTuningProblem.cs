using Polymath.Backbones;
using Polymath.Features;
using Polymath.Native;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>A network and what stands on top of it, rows, and the loss of their scores.</summary>
/// <param name="network">The trainable network.</param>
/// <param name="top">Scores of rows from the last hidden state.</param>
/// <param name="texts">The tokens of each row's text or texts, row after row.</param>
/// <param name="loss">The loss.</param>
/// <param name="order">Which rows a step sees.</param>
/// <param name="accumulate">Parts of a step.</param>
/// <param name="precision">The number format of the matrix products.</param>
/// <param name="validate">The validation score; null where nothing is held out.</param>
internal sealed class FineTuningProblem(
    Network network, TrainableHead top, TokenRow[] texts, RowLoss loss, RowOrder order, int accumulate, Precision precision, Func<double>? validate) : ITrainingProblem
{
    public long StepsPerEpoch => order.StepsPerEpoch;

    public IEnumerable<Tensor> Losses(long step, Dropout? dropout)
    {
        var chosen = order.Rows(step);
        var weight = loss.Weight(chosen);
        foreach (var part in chosen.Chunk((chosen.Length + accumulate - 1) / accumulate))
        {
            using var scope = NewDisposeScope();
            using var batch = TokenRow.Pack(TextsOf(part, top), texts);
            yield return loss.Sum(Scores(batch, dropout), part) / weight;
        }
    }

    public double? Validate() => validate?.Invoke();

    /// <summary>The places of rows' texts.</summary>
    public static int[] TextsOf(IEnumerable<int> rows, TrainableHead top) => [.. rows.SelectMany(row => Enumerable.Range(row * top.TextsPerRow, top.TextsPerRow))];

    /// <summary>Scores of a batch; mixed precision ends before the loss.</summary>
    private Tensor Scores(PackedBatch batch, Dropout? dropout)
    {
        using var autocast = Autocast.Enter(precision);
        return top.Scores(network, batch, dropout).to(ScalarType.Float32);
    }
}
