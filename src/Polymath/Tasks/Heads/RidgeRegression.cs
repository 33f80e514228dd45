using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>What a penalty of <see cref="RidgeRegression"/> is worth.</summary>
/// <param name="Penalty">The penalty, relative to the mean variance of the features.</param>
/// <param name="SquaredError">The mean squared error of the predictions for rows left out.</param>
/// <param name="LeftOut">Each row's prediction by the model that was fitted without it (without its fold, where folds are given), [rows].</param>
internal sealed record RidgeCandidate(double Penalty, double SquaredError, double[] LeftOut);

/// <summary>
/// Ridge regression in closed form (Hoerl and Kennard 1970): minimises Σ (yᵢ − w·xᵢ − b)² + λ‖w‖² with a free b. One eigendecomposition of the
/// centred features serves every penalty, and with it the predictions for rows left out are exact without refitting: for single rows
/// eᵢ = rᵢ / (1 − hᵢᵢ) (Allen 1974), for whole folds e = (I − H)⁻¹ r. λ = penalty · rows · mean variance of a feature, so that one grid suits any scale;
/// the target's own mean and scale cancel out.
/// </summary>
internal sealed class RidgeRegression
{
    private readonly double[] _mean, _squares, _values;
    private readonly double[] _turned;  // [rows, axes]: centred features on their principal axes
    private readonly double[] _axes;    // [columns, axes]
    private readonly double[] _projected; // [axes]: turnedᵀ · (y − mean y)
    private readonly int _rows, _columns, _count;

    /// <summary>Decomposes the features.</summary>
    /// <param name="x">Features, [rows, columns].</param>
    /// <param name="values">The target, [rows].</param>
    public RidgeRegression(FeatureMatrix x, double[] values)
    {
        if (values.Length != x.Rows || x.Rows == 0) throw new ArgumentException($"{values.Length} values for {x.Rows} rows");
        (_rows, _columns) = (x.Rows, x.Columns);
        _mean = RotatedFeatures.ColumnMeans(x);
        Middle = values.Average();
        _values = [.. values.Select(value => value - Middle)];
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var centred = RotatedFeatures.Centred(x, _mean, [.. Enumerable.Range(0, _rows)]);
        Tensor axes, turned;
        if (_columns <= _rows)
        {
            axes = linalg.eigh(centred.t().mm(centred)).Item2;
            turned = centred.mm(axes);
        }
        else
        {
            // Fewer rows than columns: the axes come from the products of rows with each other.
            var (squares, rows) = linalg.eigh(centred.mm(centred.t()));
            var kept = squares > squares.max() * 1e-12;
            var index = kept.nonzero().view(-1);
            turned = rows.index_select(1, index) * squares.index_select(0, index).sqrt();
            axes = centred.t().mm(rows.index_select(1, index)) / squares.index_select(0, index).sqrt();
        }
        _count = (int)axes.shape[1];
        (_axes, _turned) = (RotatedFeatures.Read(axes), RotatedFeatures.Read(turned));
        _squares = RotatedFeatures.Read((turned * turned).sum([0]));
        _projected = _count == 0 ? [] : RotatedFeatures.Read(turned.t().mv(tensor(_values)));
    }

    /// <summary>Penalties to try.</summary>
    public static IReadOnlyList<double> DefaultGrid { get; } = [1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

    /// <summary>The mean of the target: what is predicted under an endless penalty.</summary>
    public double Middle { get; }

    /// <summary>Predictions for rows left out under one penalty.</summary>
    /// <param name="penalty">The penalty, at least 0.</param>
    /// <param name="folds">The fold of each row, left out together; empty leaves every row out by itself.</param>
    public RidgeCandidate LeaveOut(double penalty, ReadOnlySpan<int> folds = default)
    {
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var turned = from_array(_turned).view(_rows, _count);
        var (weights, shrink) = Shrunk(penalty);
        var residual = tensor(_values) - turned.mv(tensor(weights));
        var damped = turned * tensor(shrink);
        double[] errors;
        if (folds.Length == 0) errors = RotatedFeatures.Read(residual / (1 - 1.0 / _rows - (damped * turned).sum([1])).clamp(min: 1e-9));
        else
        {
            errors = new double[_rows];
            var numbers = folds.ToArray();
            foreach (var fold in numbers.Distinct().Order())
            {
                using var inner = NewDisposeScope();
                int[] left = [.. Enumerable.Range(0, _rows).Where(row => numbers[row] == fold)];
                var rows = tensor(left.Select(row => (long)row).ToArray());
                var hat = damped.index_select(0, rows).mm(turned.index_select(0, rows).t()) + 1.0 / _rows; // the mean belongs to the model
                var solved = RotatedFeatures.Read(linalg.solve(eye(left.Length, dtype: ScalarType.Float64) - hat, residual.index_select(0, rows)));
                for (var i = 0; i < left.Length; i++) errors[left[i]] = solved[i];
            }
        }
        return new RidgeCandidate(penalty, errors.Sum(error => error * error) / _rows, [.. errors.Select((error, i) => _values[i] + Middle - error)]);
    }

    /// <summary>The best of several penalties by squared error on rows left out; of equals the larger.</summary>
    public RidgeCandidate Choose(IReadOnlyList<double> penalties, ReadOnlySpan<int> folds = default)
    {
        RidgeCandidate? best = null;
        foreach (var penalty in penalties.OrderDescending())
        {
            var candidate = LeaveOut(penalty, folds);
            if (best is null || candidate.SquaredError < best.SquaredError) best = candidate;
        }
        return best ?? throw new ArgumentException("there is no penalty to try");
    }

    /// <summary>The model of all rows, in the target's own units: features · weights + bias is the value.</summary>
    public LinearHead Fit(double penalty)
    {
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var weights = RotatedFeatures.Read(from_array(_axes).view(_columns, _count).mv(tensor(Shrunk(penalty).Weights)));
        return new LinearHead([.. weights.Select(weight => (float)weight)], [(float)(Middle - VectorMath.Dot(weights, _mean))], _columns);
    }

    private (double[] Weights, double[] Shrink) Shrunk(double penalty)
    {
        var lambda = penalty * _squares.Sum() / _columns;
        double[] shrink = [.. _squares.Select(square => square + lambda > 0 ? 1 / (square + lambda) : 0)];
        return ([.. _projected.Select((value, j) => value * shrink[j])], shrink);
    }
}
