using System.Runtime.InteropServices;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>
/// The objective of a regularised linear model, C · Σ wᵢ · lossᵢ + ½‖W‖² (the bias is free), over some rows of rotated features.
/// Parameters are [classes, columns] weights, then [classes] biases, each divided by <see cref="Scale"/>: a diagonal guess of the inverse
/// root of the curvature, so that a solver sees something near the identity. Values and gradients are exact for any scale.
/// </summary>
internal sealed class LinearObjective : IDisposable
{
    private const int BlockRows = 4096;
    private readonly List<(Tensor X, Tensor Targets, Tensor? Weights)> _blocks = [];
    private readonly ILinearLoss _loss;
    private readonly double[] _variances;
    private readonly int _classes, _columns, _rows;
    private readonly ScalarType _type;
    private readonly CancellationToken _cancellation;

    /// <param name="features">Rotated features.</param>
    /// <param name="ranges">The ranges of rows that take part.</param>
    /// <param name="loss">The loss, with the truth of every row of the features.</param>
    /// <param name="rowWeights">A weight for every row, or null.</param>
    /// <param name="cancellation">Checked at each evaluation.</param>
    public LinearObjective(RotatedFeatures features, IEnumerable<(int Start, int Count)> ranges, ILinearLoss loss, float[]? rowWeights, CancellationToken cancellation)
    {
        (_cancellation, _loss) = (cancellation, loss);
        (_classes, _columns, _variances, _type) = (loss.Outputs, features.Columns, features.Variances, features.Values.dtype);
        Scale = new double[_classes * (_columns + 1)];
        foreach (var (start, count) in ranges)
        {
            for (var at = start; at < start + count; at += BlockRows)
            {
                var rows = Math.Min(BlockRows, start + count - at);
                using var scope = NewDisposeScope();
                var x = features.Values.narrow(0, at, rows);
                var y = loss.Targets(at, rows, _type);
                var w = rowWeights is null ? null : tensor(rowWeights.AsSpan(at, rows).ToArray(), _type).view(rows, 1);
                _blocks.Add((x.DetachFromDisposeScope(), y.DetachFromDisposeScope(), w?.DetachFromDisposeScope()));
                _rows += rows;
            }
        }
        Rescale(Enumerable.Repeat(_rows * loss.FlatCurvature, _classes).ToArray());
    }

    /// <summary>The weight of the loss against the penalty. Call <see cref="Rescale"/> after changing it.</summary>
    public double C { get; set; } = 1;

    /// <summary>Parameter = scale × what the solver sees.</summary>
    public double[] Scale { get; }

    /// <summary>Calls so far.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Billions of floating-point operations in matrix products so far.</summary>
    public double GigaFlop => Evaluations * 4e-9 * _rows * _columns * _classes;

    /// <summary>Chooses the scale for the present C from Σᵢ wᵢ p(1−p) of each class, as <see cref="Curvatures"/> gives it.</summary>
    public void Rescale(double[] curvatures)
    {
        for (var k = 0; k < _classes; k++)
        {
            for (var j = 0; j < _columns; j++) Scale[k * _columns + j] = 1 / Math.Sqrt(1 + C * curvatures[k] * _variances[j]);
            Scale[_classes * _columns + k] = 1 / Math.Sqrt(C * Math.Max(curvatures[k], 1e-3) + 1e-12);
        }
    }

    /// <summary>Σᵢ wᵢ pᵢₖ(1−pᵢₖ) of each class at unscaled parameters.</summary>
    public double[] Curvatures(ReadOnlySpan<double> parameters)
    {
        var sums = new double[_classes];
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var (weights, bias) = Tensors(parameters);
        foreach (var (x, _, w) in _blocks)
        {
            using var inner = NewDisposeScope();
            var p = _loss.Probabilities(addmm(bias, x, weights.t(), 1, 1));
            var spread = p - p * p;
            var block = (w is null ? spread : spread * w).sum([0]).to(ScalarType.Float64);
            VectorMath.Add(sums, 1, block.data<double>().ToArray());
        }
        return sums;
    }

    /// <summary>Value and gradient at scaled parameters.</summary>
    public double Evaluate(ReadOnlySpan<double> scaled, Span<double> gradient)
    {
        _cancellation.ThrowIfCancellationRequested();
        Evaluations++;
        var parameters = new double[scaled.Length];
        for (var i = 0; i < scaled.Length; i++) parameters[i] = scaled[i] * Scale[i];
        var penalised = parameters.AsSpan(0, _classes * _columns);
        var loss = Loss(parameters, gradient);
        for (var i = 0; i < penalised.Length; i++) gradient[i] = C * gradient[i] + penalised[i];
        for (var i = penalised.Length; i < gradient.Length; i++) gradient[i] *= C;
        for (var i = 0; i < gradient.Length; i++) gradient[i] *= Scale[i];
        return C * loss + 0.5 * VectorMath.Dot(penalised, penalised);
    }

    // Σ wᵢ lossᵢ and its gradient Σ wᵢ (pᵢ − yᵢ) ⊗ [xᵢ, 1], block by block so that the probabilities stay in the cache.
    private double Loss(double[] parameters, Span<double> gradient)
    {
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var (weights, bias) = Tensors(parameters);
        var turned = weights.t();
        Tensor weightSum = zeros(_classes, _columns, _type), biasSum = zeros(_classes, ScalarType.Float64);
        double loss = 0;
        foreach (var (x, y, w) in _blocks)
        {
            using var inner = NewDisposeScope();
            var (losses, p) = _loss.Losses(addmm(bias, x, turned, 1, 1), y);    // [rows, ·], [rows, classes]
            loss += (w is null ? losses : losses * w).sum(ScalarType.Float64).item<double>();
            if (w is not null) p.mul_(w);
            weightSum.addmm_(p.t(), x, 1, 1);
            biasSum.add_(p.sum([0], type: ScalarType.Float64));
        }
        var size = _classes * _columns;
        if (_type == ScalarType.Float64) MemoryMarshal.Cast<byte, double>(weightSum.bytes).CopyTo(gradient);
        else
        {
            var values = MemoryMarshal.Cast<byte, float>(weightSum.bytes);
            for (var i = 0; i < size; i++) gradient[i] = values[i];
        }
        MemoryMarshal.Cast<byte, double>(biasSum.bytes).CopyTo(gradient[size..]);
        return loss;
    }

    private (Tensor Weights, Tensor Bias) Tensors(ReadOnlySpan<double> parameters)
    {
        var all = tensor(parameters.ToArray(), _type);
        var size = _classes * _columns;
        return (all.narrow(0, 0, size).view(_classes, _columns), all.narrow(0, size, _classes));
    }

    public void Dispose()
    {
        foreach (var (x, y, w) in _blocks) { x.Dispose(); y.Dispose(); w?.Dispose(); }
        _blocks.Clear();
    }
}
