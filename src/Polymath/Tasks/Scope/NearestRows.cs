using Polymath.Features;
using static TorchSharp.torch;

namespace Polymath.Tasks.Scope;

/// <summary>Cosine to the nearest of some rows.</summary>
internal sealed class NearestRows
{
    private const int BlockRows = 1024;

    /// <param name="rows">Rows of length 1, [rows, inputs].</param>
    public NearestRows(FeatureMatrix rows) => Rows = rows;

    /// <summary>The rows that are kept, each of length 1.</summary>
    public FeatureMatrix Rows { get; }

    /// <summary>Keeps training rows.</summary>
    public static NearestRows Fit(FeatureMatrix train) => new(Normalised(train));

    /// <summary>The cosine of each row to its nearest kept row.</summary>
    public double[] Score(FeatureMatrix x)
    {
        var scores = new double[x.Rows];
        var unit = Normalised(x);
        using var scope = NewDisposeScope();
        using var without = no_grad();
        Tensor kept = Rows.AsTensor().t(), all = unit.AsTensor();
        for (var start = 0; start < x.Rows; start += BlockRows)
        {
            using var inner = NewDisposeScope();
            var nearest = all.narrow(0, start, Math.Min(BlockRows, x.Rows - start)).mm(kept).amax([1]).data<float>();
            for (var i = 0; i < nearest.Count; i++) scores[start + i] = nearest[i];
        }
        return scores;
    }

    private static FeatureMatrix Normalised(FeatureMatrix x)
    {
        var values = (float[])x.Values.Clone();
        for (var r = 0; r < x.Rows; r++)
        {
            var row = values.AsSpan(r * x.Columns, x.Columns);
            System.Numerics.Tensors.TensorPrimitives.Divide(row, Math.Max(System.Numerics.Tensors.TensorPrimitives.Norm<float>(row), 1e-12f), row);
        }
        return new FeatureMatrix(values, x.Rows, x.Columns);
    }
}
