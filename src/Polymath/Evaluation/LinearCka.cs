using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Evaluation;

/// <summary>
/// Linear centred kernel alignment (Kornblith et al. 2019, "Similarity of neural network representations revisited", section 3):
/// ‖AᵀB‖² / (‖AᵀA‖ ‖BᵀB‖) of column-centred features of the same rows. 1 for equal up to rotation and scale, near 0 for unrelated ones.
/// </summary>
public static class LinearCka
{
    /// <summary>The alignment of two feature matrices of the same rows; their widths may differ. NaN where one of them is constant.</summary>
    /// <exception cref="ArgumentException">The numbers of rows differ.</exception>
    public static double Compute(FeatureMatrix a, FeatureMatrix b)
    {
        if (a.Rows != b.Rows) throw new ArgumentException($"{a.Rows} rows against {b.Rows}");
        using var scope = NewDisposeScope();
        using var without = no_grad();
        Tensor x = Centred(a), y = Centred(b);
        var cross = Norm(x.t().mm(y));
        return cross * cross / (Norm(x.t().mm(x)) * Norm(y.t().mm(y)));
    }

    private static Tensor Centred(FeatureMatrix matrix)
    {
        var values = matrix.AsTensor().to(ScalarType.Float64);
        return values - values.mean([0], keepdim: true);
    }

    private static double Norm(Tensor matrix) => matrix.pow(2).sum().sqrt().item<double>();
}
