using Polymath.Features;
using Polymath.Tasks.Heads;
using static TorchSharp.torch;

namespace Polymath.Tasks.Scope;

/// <summary>Minus the squared Mahalanobis distance to the nearest class mean, under the covariance that the classes share.</summary>
internal sealed class ClassDistances
{
    /// <param name="whitening">W with WᵀW = Σ⁻¹, [inputs, inputs], applied as x·Wᵀ.</param>
    /// <param name="means">The class means after whitening, [classes, inputs].</param>
    public ClassDistances(FeatureMatrix whitening, FeatureMatrix means) => (Whitening, Means) = (whitening, means);

    /// <summary>[inputs, inputs].</summary>
    public FeatureMatrix Whitening { get; }

    /// <summary>[classes, inputs].</summary>
    public FeatureMatrix Means { get; }

    /// <summary>Measures means and covariance; classes without rows are left out.</summary>
    public static ClassDistances Fit(FeatureMatrix train, int[] labels)
    {
        var statistics = new ClassStatistics(train.Columns, withProducts: true);
        statistics.Add(train, labels);
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var (means, covariance) = statistics.SharedCovariance(null);
        var root = linalg.cholesky(covariance);
        var identity = eye(train.Columns, dtype: ScalarType.Float64);
        var whitening = linalg.solve(root, identity);
        int[] present = [.. Enumerable.Range(0, statistics.Classes).Where(k => statistics.Counts[k] > 0)];
        var kept = means.index_select(0, tensor(present.Select(k => (long)k).ToArray())).mm(whitening.t());
        return new ClassDistances(Matrix(whitening, train.Columns), Matrix(kept, present.Length));
    }

    /// <summary>The score of each row.</summary>
    public double[] Score(FeatureMatrix x)
    {
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var turned = x.AsTensor().mm(Whitening.AsTensor().t());
        var nearest = cdist(turned, Means.AsTensor()).amin([1]).data<float>();
        var scores = new double[x.Rows];
        for (var r = 0; r < scores.Length; r++) scores[r] = -(double)nearest[r] * nearest[r];
        return scores;
    }

    private static FeatureMatrix Matrix(Tensor values, int rows) =>
        new([.. RotatedFeatures.Read(values).Select(value => (float)value)], rows, (int)values.shape[1]);
}
