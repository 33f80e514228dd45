using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>What tells one linear model from another: how scores become probabilities, and what they cost against the truth of some rows.</summary>
internal interface ILinearLoss
{
    /// <summary>Scores of a row.</summary>
    int Outputs { get; }

    /// <summary>p(1 − p) of one score at zero weights: a first guess of the curvature.</summary>
    double FlatCurvature { get; }

    /// <summary>Whether the same number added to all scores of a row changes nothing.</summary>
    bool ShiftIsFree { get; }

    /// <summary>The truth of consecutive rows, in the form that <see cref="Losses"/> takes.</summary>
    Tensor Targets(int start, int rows, ScalarType type);

    /// <summary>[rows, outputs] scores → probabilities.</summary>
    Tensor Probabilities(Tensor scores);

    /// <summary>The loss of each row, as one column or more, and its derivative by the scores, p − y.</summary>
    (Tensor Losses, Tensor Residual) Losses(Tensor scores, Tensor targets);
}

/// <summary>Cross-entropy of one class of several.</summary>
/// <param name="labels">The class of each row.</param>
/// <param name="classes">The number of classes.</param>
internal sealed class SoftmaxLoss(int[] labels, int classes) : ILinearLoss
{
    public int Outputs => classes;

    public double FlatCurvature => (double)(classes - 1) / classes / classes;

    public bool ShiftIsFree => true;

    public Tensor Targets(int start, int rows, ScalarType type) => tensor(labels.AsSpan(start, rows).ToArray(), ScalarType.Int64).view(rows, 1);

    public Tensor Probabilities(Tensor scores) => scores.softmax(1);

    public (Tensor Losses, Tensor Residual) Losses(Tensor scores, Tensor targets)
    {
        var p = scores.log_softmax(1);
        var hit = p.gather(1, targets);
        var losses = -hit;
        p.exp_().scatter_(1, targets, hit.exp_().sub_(1));
        return (losses, p);
    }
}

/// <summary>Cross-entropy of any number of yes-or-no questions, added up: as many logistic regressions, solved together.</summary>
/// <param name="marks">The answers, [rows, labels], row-major.</param>
/// <param name="labels">The number of questions.</param>
internal sealed class SigmoidLoss(bool[] marks, int labels) : ILinearLoss
{
    public int Outputs => labels;

    public double FlatCurvature => 0.25;

    public bool ShiftIsFree => false;

    public Tensor Targets(int start, int rows, ScalarType type) =>
        tensor(marks.AsSpan(start * labels, rows * labels).ToArray().Select(mark => mark ? 1f : 0f).ToArray()).view(rows, labels).to(type);

    public Tensor Probabilities(Tensor scores) => scores.sigmoid();

    public (Tensor Losses, Tensor Residual) Losses(Tensor scores, Tensor targets)
    {
        // ln(1 + eˢ) − y s, written so that no exponential overflows.
        var losses = scores.clamp(min: 0) - scores * targets + scores.abs().neg_().exp_().log1p_();
        return (losses, scores.sigmoid().sub_(targets));
    }
}
