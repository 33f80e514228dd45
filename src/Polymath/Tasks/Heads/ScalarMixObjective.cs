using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>
/// Softmax regression on γ · Σₗ sₗ · hₗ with s = softmax(a) (Peters et al. 2018, "Deep contextualized word representations", equation 1):
/// the mean cross-entropy of some rows and its gradients with respect to a, γ, the weights W and the bias b.
/// </summary>
internal static class ScalarMixObjective
{
    /// <summary>Value and gradients at one point.</summary>
    internal readonly record struct Gradients(double Loss, Tensor Shares, Tensor Scale, Tensor Weights, Tensor Bias);

    /// <summary>The mean cross-entropy alone, and the logits.</summary>
    /// <param name="rows">Layers of each row, [rows, layers, width].</param>
    /// <param name="labels">[rows, 1], int64.</param>
    /// <param name="shares">a, [layers].</param>
    /// <param name="scale">γ, [1].</param>
    /// <param name="weights">W, [classes, width].</param>
    /// <param name="bias">b, [classes].</param>
    public static double Loss(Tensor rows, Tensor labels, Tensor shares, Tensor scale, Tensor weights, Tensor bias)
    {
        using var scope = NewDisposeScope();
        return -Logits(Mixed(rows, shares.softmax(0)), scale, weights, bias).log_softmax(1).gather(1, labels).mean().to(ScalarType.Float64).item<double>();
    }

    /// <summary>Value and gradients; tensors belong to the caller's dispose scope.</summary>
    public static Gradients Evaluate(Tensor rows, Tensor labels, Tensor shares, Tensor scale, Tensor weights, Tensor bias)
    {
        var count = rows.shape[0];
        var s = shares.softmax(0);
        var mixed = Mixed(rows, s);                                        // [rows, width]
        var logits = Logits(mixed, scale, weights, bias);                  // [rows, classes]
        var p = logits.log_softmax(1);
        var hit = p.gather(1, labels);
        var loss = -hit.mean().to(ScalarType.Float64).item<double>();
        p.exp_().scatter_(1, labels, hit.exp().sub_(1)).div_(count);       // ∂loss/∂logits
        var back = p.mm(weights);                                          // ∂loss/∂(γ · mixed), [rows, width]
        var perLayer = (rows * back.unsqueeze(1)).sum([0L, 2L]).mul_(scale); // ∂loss/∂sₗ
        return new Gradients(loss, s * (perLayer - (s * perLayer).sum()), (back * mixed).sum().view(1), p.t().mm(mixed).mul_(scale), p.sum([0L]));
    }

    private static Tensor Mixed(Tensor rows, Tensor s) => (rows * s.view(1, -1, 1)).sum([1L]);

    private static Tensor Logits(Tensor mixed, Tensor scale, Tensor weights, Tensor bias) => addmm(bias, mixed * scale, weights.t(), 1, 1);
}
