using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Polymath.Features;

/// <summary>Principal component analysis by the eigendecomposition of the covariance in float64: exact, no sampling. Immutable.</summary>
public sealed class Pca
{
    private Pca(double[] mean, double[] components, double[] variance, double[] ratio) =>
        (Mean, Components, ExplainedVariance, ExplainedVarianceRatio) = (mean, components, variance, ratio);

    /// <summary>The mean of each column.</summary>
    public double[] Mean { get; }

    /// <summary>Unit vectors, [components, columns], row-major; the largest entry of each in absolute value is positive.</summary>
    public double[] Components { get; }

    /// <summary>The variance along each component (divided by rows − 1), falling.</summary>
    public double[] ExplainedVariance { get; }

    /// <summary>Its share of the total variance; 0 where there is none.</summary>
    public double[] ExplainedVarianceRatio { get; }

    /// <summary>Finds the components.</summary>
    /// <param name="x">Features, at least two rows.</param>
    /// <param name="components">How many, at most the number of columns.</param>
    public static Pca Fit(FeatureMatrix x, int components)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(x.Rows, 2, nameof(x));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(components);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(components, x.Columns);
        var mean = RotatedFeatures.ColumnMeans(x);
        double[] values, vectors;
        using (NewDisposeScope())
        using (no_grad())
        {
            var (eigenvalues, eigenvectors) = linalg.eigh(RotatedFeatures.Covariance(x, mean)); // ascending, one vector a column
            (values, vectors) = (RotatedFeatures.Read(eigenvalues.clamp(min: 0)), RotatedFeatures.Read(eigenvectors.t()));
        }
        var unbiased = x.Rows / (x.Rows - 1.0);
        var total = values.Sum();
        var (rows, variance, ratio) = (new double[components * x.Columns], new double[components], new double[components]);
        for (var c = 0; c < components; c++)
        {
            var source = x.Columns - 1 - c;
            var row = rows.AsSpan(c * x.Columns, x.Columns);
            vectors.AsSpan(source * x.Columns, x.Columns).CopyTo(row);
            double largest = 0;
            foreach (var entry in row)
                if (Math.Abs(entry) > Math.Abs(largest)) largest = entry;
            if (largest < 0) VectorMath.Scale(row, -1);
            variance[c] = values[source] * unbiased;
            ratio[c] = total > 0 ? values[source] / total : 0;
        }
        return new Pca(mean, rows, variance, ratio);
    }

    /// <summary>Coordinates along the components, [rows, components].</summary>
    public FeatureMatrix Transform(FeatureMatrix x)
    {
        if (x.Columns != Mean.Length) throw new ArgumentException($"features are {x.Columns} wide, expected {Mean.Length}");
        var count = ExplainedVariance.Length;
        var result = new float[checked(x.Rows * count)];
        var rows = Enumerable.Range(0, x.Rows).ToArray();
        const int block = 8192;
        for (var start = 0; start < x.Rows; start += block)
        {
            using var scope = NewDisposeScope();
            using var without = no_grad();
            var centred = RotatedFeatures.Centred(x, Mean, rows.AsSpan(start, Math.Min(block, x.Rows - start)));
            var projected = centred.mm(from_array(Components).view(count, x.Columns).t()).to(ScalarType.Float32);
            MemoryMarshal.Cast<byte, float>(projected.bytes).CopyTo(result.AsSpan(start * count));
        }
        return new FeatureMatrix(result, x.Rows, count);
    }
}
