using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>
/// A loss over rows. It gives the sum over some rows and says what the sum of a whole step is divided by, so that parts of a step add up to
/// the step.
/// </summary>
internal abstract class RowLoss
{
    /// <summary>The rows' share in the mean: their number, or the sum of their weights.</summary>
    public abstract double Weight(ReadOnlySpan<int> rows);

    /// <summary>The weighted sum of the rows' losses; scores [rows, outputs].</summary>
    public abstract Tensor Sum(Tensor scores, int[] rows);
}

/// <summary>
/// Softmax cross-entropy, with label smoothing (Szegedy et al. 2016: the target is (1 − ε) · one-hot + ε / classes) and a weight for each class.
/// </summary>
/// <param name="labels">The class of every row.</param>
/// <param name="smoothing">ε.</param>
/// <param name="classWeights">A weight for each class, or null for all 1.</param>
internal sealed class CrossEntropyLoss(int[] labels, double smoothing = 0, double[]? classWeights = null) : RowLoss
{
    public override double Weight(ReadOnlySpan<int> rows)
    {
        double sum = 0;
        foreach (var row in rows) sum += classWeights?[labels[row]] ?? 1;
        return sum;
    }

    public override Tensor Sum(Tensor scores, int[] rows)
    {
        var logs = scores.log_softmax(1);
        var losses = -logs.gather(1, tensor(rows.Select(row => (long)labels[row]).ToArray()).unsqueeze(1)).squeeze(1); // [rows]
        if (smoothing > 0) losses = losses * (1 - smoothing) - logs.mean([1]) * smoothing;
        return classWeights is null ? losses.sum() : (losses * tensor(rows.Select(row => (float)classWeights[labels[row]]).ToArray())).sum();
    }
}

/// <summary>Binary cross-entropy of each label's own yes or no; a row's loss is the mean over the labels.</summary>
/// <param name="targets">1 or 0 for each row and label, row-major.</param>
/// <param name="labels">The number of labels.</param>
internal sealed class BinaryCrossEntropyLoss(float[] targets, int labels) : RowLoss
{
    public override double Weight(ReadOnlySpan<int> rows) => rows.Length;

    public override Tensor Sum(Tensor scores, int[] rows) =>
        nn.functional.binary_cross_entropy_with_logits(scores, Targets.Of(targets, labels, rows), reduction: nn.Reduction.Sum) / labels;
}

/// <summary>
/// The squared difference to a number, in units of the numbers' variance, so that the size of the numbers does not decide the size of the steps.
/// </summary>
/// <param name="targets">The number of each row.</param>
internal sealed class SquaredLoss(float[] targets) : RowLoss
{
    private readonly double _variance = Variance(targets);

    public override double Weight(ReadOnlySpan<int> rows) => rows.Length;

    public override Tensor Sum(Tensor scores, int[] rows) => (scores - Targets.Of(targets, 1, rows)).square().sum() / _variance;

    private static double Variance(float[] values)
    {
        var mean = values.Average();
        return Math.Max(1e-12, values.Average(value => Math.Pow(value - mean, 2)));
    }
}

file static class Targets
{
    /// <summary>The targets of some rows, [rows, outputs].</summary>
    public static Tensor Of(float[] targets, int outputs, int[] rows) =>
        tensor(rows.SelectMany(row => targets.AsSpan(row * outputs, outputs).ToArray()).ToArray(), [rows.Length, outputs]);
}
