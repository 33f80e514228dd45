using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Features;

/// <summary>
/// Features centred and turned onto their principal axes. A turn changes neither the length of a weight vector nor, with an unpenalised
/// bias, the optimum of a linear model; but on these axes the curvature of its objective is nearly diagonal, so a solver can be scaled well.
/// Above <see cref="WidestTurn"/> columns the features are only centred.
/// </summary>
internal sealed class RotatedFeatures : IDisposable
{
    private const int WidestTurn = 2048, BlockRows = 8192;
    private readonly double[]? _axes; // [columns, columns], one axis a column

    /// <param name="x">The features.</param>
    /// <param name="order">The order in which rows are laid out; empty: as they are.</param>
    /// <param name="type">Float32 or float64: the precision of <see cref="Values"/>. Axes are always computed in float64.</param>
    public RotatedFeatures(FeatureMatrix x, ReadOnlySpan<int> order, ScalarType type)
    {
        var rows = order.ToArray();
        if (rows.Length == 0) rows = [.. Enumerable.Range(0, x.Rows)];
        Columns = x.Columns;
        Mean = ColumnMeans(x);
        using var outer = NewDisposeScope();
        using var without = no_grad();
        Variances = new double[Columns];
        Tensor? axes = null;
        if (Columns <= WidestTurn)
        {
            var (values, vectors) = linalg.eigh(Covariance(x, Mean));
            axes = vectors;
            _axes = Read(axes);
            values.clamp(min: 0).data<double>().CopyTo(Variances);
        }
        else
        {
            for (var i = 0; i < x.Rows; i++)
                for (var j = 0; j < Columns; j++) Variances[j] += Math.Pow(x.Values[(long)i * Columns + j] - Mean[j], 2) / x.Rows;
        }
        Values = empty(rows.Length, Columns, type);
        for (var start = 0; start < rows.Length; start += BlockRows)
        {
            using var scope = NewDisposeScope();
            var block = Centred(x, Mean, rows.AsSpan(start, Math.Min(BlockRows, rows.Length - start)));
            Values.narrow(0, start, block.shape[0]).copy_(axes is null ? block : block.mm(axes));
        }
        Values.DetachFromDisposeScope();
    }

    /// <summary>Centred, turned features [rows, columns].</summary>
    public Tensor Values { get; }

    public int Columns { get; }

    /// <summary>The mean that was taken off each column.</summary>
    public double[] Mean { get; }

    /// <summary>The variance along each axis.</summary>
    public double[] Variances { get; }

    /// <summary>Weights [classes, columns] on the original features → on these: W·V, bias + W·mean.</summary>
    public (double[] Weights, double[] Bias) Turn(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias)
    {
        var original = new double[weights.Length];
        var turnedBias = new double[bias.Length];
        for (var i = 0; i < weights.Length; i++) original[i] = weights[i];
        for (var k = 0; k < bias.Length; k++) turnedBias[k] = bias[k] + VectorMath.Dot(original.AsSpan(k * Columns, Columns), Mean);
        return (Multiply(original, transpose: false), turnedBias);
    }

    /// <summary>Weights on these features → on the original ones: W·Vᵀ, bias − W·mean.</summary>
    public (double[] Weights, double[] Bias) TurnBack(ReadOnlySpan<double> weights, ReadOnlySpan<double> bias)
    {
        var original = Multiply(weights.ToArray(), transpose: true);
        var originalBias = bias.ToArray();
        for (var k = 0; k < bias.Length; k++) originalBias[k] -= VectorMath.Dot(original.AsSpan(k * Columns, Columns), Mean);
        return (original, originalBias);
    }

    private double[] Multiply(double[] weights, bool transpose)
    {
        if (_axes is null) return weights;
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var axes = from_array(_axes).view(Columns, Columns);
        return Read(from_array(weights).view(-1, Columns).mm(transpose ? axes.t() : axes));
    }

    public void Dispose() => Values.Dispose();

    internal static double[] ColumnMeans(FeatureMatrix x)
    {
        var mean = new double[x.Columns];
        for (var i = 0; i < x.Rows; i++)
        {
            var row = x.Row(i);
            for (var j = 0; j < row.Length; j++) mean[j] += row[j];
        }
        VectorMath.Scale(mean, 1.0 / Math.Max(1, x.Rows));
        return mean;
    }

    /// <summary>The covariance (divided by the number of rows) in float64, summed over blocks of rows.</summary>
    internal static Tensor Covariance(FeatureMatrix x, double[] mean)
    {
        var sum = zeros(x.Columns, x.Columns, ScalarType.Float64);
        var rows = Enumerable.Range(0, x.Rows).ToArray();
        for (var start = 0; start < x.Rows; start += BlockRows)
        {
            using var scope = NewDisposeScope();
            var block = Centred(x, mean, rows.AsSpan(start, Math.Min(BlockRows, x.Rows - start)));
            sum.add_(block.t().mm(block));
        }
        return sum.div_(Math.Max(1, x.Rows));
    }

    /// <summary>Rows of x less the mean, float64 [rows, columns].</summary>
    internal static Tensor Centred(FeatureMatrix x, double[] mean, ReadOnlySpan<int> rows)
    {
        var values = new double[rows.Length * x.Columns];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = x.Row(rows[i]);
            for (var j = 0; j < row.Length; j++) values[i * x.Columns + j] = row[j] - mean[j];
        }
        return from_array(values).view(rows.Length, x.Columns);
    }

    /// <summary>A float64 tensor's values, row-major.</summary>
    internal static double[] Read(Tensor tensor) => MemoryMarshal.Cast<byte, double>(tensor.contiguous().bytes).ToArray();
}
