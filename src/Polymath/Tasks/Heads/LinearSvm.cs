using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>
/// Linear support vector machine for two classes with squared hinge: ½‖[w, b]‖² + C Σ max(0, 1 − yᵢ(w·xᵢ + b))², y = ±1, the bias
/// penalised as the weight of a feature that is always 1 (LIBLINEAR's L2-regularised L2-loss form). Immutable.
/// </summary>
public sealed class LinearSvm
{
    private LinearSvm(double[] weights, double bias) => (Weights, Bias) = (weights, bias);

    /// <summary>[inputs].</summary>
    public double[] Weights { get; }

    /// <summary>The bias.</summary>
    public double Bias { get; }

    /// <summary>Trains by L-BFGS.</summary>
    /// <param name="x">Features, [rows, inputs].</param>
    /// <param name="positive">Which rows are of the positive class.</param>
    /// <param name="c">The weight of the loss against the penalty.</param>
    /// <param name="tolerance">The estimated relative distance from the optimum at which it stops.</param>
    /// <param name="cancellation">Stops the solver between evaluations.</param>
    public static LinearSvm Fit(FeatureMatrix x, bool[] positive, double c = 1, double tolerance = 1e-13, CancellationToken cancellation = default)
    {
        if (positive.Length != x.Rows) throw new ArgumentException($"{positive.Length} labels for {x.Rows} rows");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(c);
        var parameters = new double[x.Columns + 1];
        new Lbfgs((at, gradient) =>
        {
            cancellation.ThrowIfCancellationRequested();
            at.CopyTo(gradient);
            double loss = 0;
            for (var i = 0; i < x.Rows; i++)
            {
                var row = x.Row(i);
                var sign = positive[i] ? 1.0 : -1.0;
                var gap = 1 - sign * Margin(row, at[..^1], at[^1]);
                if (gap <= 0) continue;
                loss += gap * gap;
                var pull = -2 * c * gap * sign;
                for (var j = 0; j < row.Length; j++) gradient[j] += pull * row[j];
                gradient[^1] += pull;
            }
            return 0.5 * VectorMath.Dot(at, at) + c * loss;
        }, tolerance, 10_000).Minimize(parameters);
        return new LinearSvm(parameters[..^1], parameters[^1]);
    }

    /// <summary>w·x + b of each row: its sign is the class, its size the distance from the border in units of the margin.</summary>
    public double[] Margins(FeatureMatrix x)
    {
        if (x.Columns != Weights.Length) throw new ArgumentException($"features are {x.Columns} wide, expected {Weights.Length}");
        var margins = new double[x.Rows];
        for (var i = 0; i < x.Rows; i++) margins[i] = Margin(x.Row(i), Weights, Bias);
        return margins;
    }

    private static double Margin(ReadOnlySpan<float> row, ReadOnlySpan<double> weights, double bias)
    {
        for (var j = 0; j < row.Length; j++) bias += weights[j] * row[j];
        return bias;
    }
}
