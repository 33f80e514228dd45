using Polymath.Features;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>
/// Additive statistics of labelled features: counts, sums and products, in float64. Rows can be added in any order, taken out again, and
/// two collections can be merged; the result depends on the rows that are in, up to rounding. The number of classes grows as labels come.
/// </summary>
internal sealed class ClassStatistics(int inputs, bool withProducts)
{
    private readonly List<long> _counts = [];
    private readonly List<double[]> _sums = [];

    public int Inputs => inputs;

    public int Classes => _counts.Count;

    public long Rows => _counts.Sum();

    public IReadOnlyList<long> Counts => _counts;

    public IReadOnlyList<double[]> Sums => _sums;

    /// <summary>Σ x xᵀ, [inputs, inputs], or null where only Σ ‖x‖² is kept.</summary>
    public double[]? Products { get; } = withProducts ? new double[checked(inputs * inputs)] : null;

    /// <summary>Σ ‖x‖².</summary>
    public double Squares { get; private set; }

    public void EnsureClasses(int classes)
    {
        while (_counts.Count < classes) { _counts.Add(0); _sums.Add(new double[inputs]); }
    }

    /// <summary>Adds a row (sign 1) or takes it out (sign −1).</summary>
    public void Count(ReadOnlySpan<float> row, int label, int sign)
    {
        if (row.Length != inputs) throw new ArgumentException($"a row of {row.Length} features, expected {inputs}");
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        if (sign < 0 && (label >= Classes || _counts[label] == 0)) throw new InvalidOperationException($"class {label} holds no row to take out");
        EnsureClasses(label + 1);
        _counts[label] += sign;
        var wide = new double[inputs];
        for (var j = 0; j < inputs; j++) wide[j] = row[j];
        VectorMath.Add(_sums[label], sign, wide);
        Squares += sign * VectorMath.Dot(wide, wide);
        if (Products is not null)
            for (var j = 0; j < inputs; j++) VectorMath.Add(Products.AsSpan(j * inputs, inputs), sign * wide[j], wide);
    }

    /// <summary>Adds many rows; products by one matrix product a block.</summary>
    public void Add(FeatureMatrix x, ReadOnlySpan<int> labels)
    {
        if (x.Columns != inputs) throw new ArgumentException($"features are {x.Columns} wide, expected {inputs}");
        x.CheckLabels(labels, int.MaxValue);
        var origin = new double[inputs];
        const int block = 4096;
        for (var start = 0; start < x.Rows; start += block)
        {
            int[] rows = [.. Enumerable.Range(start, Math.Min(block, x.Rows - start))];
            using var scope = NewDisposeScope();
            using var without = no_grad();
            var values = RotatedFeatures.Centred(x, origin, rows);
            if (Products is not null) VectorMath.Add(Products, 1, RotatedFeatures.Read(values.t().mm(values)));
            var wide = RotatedFeatures.Read(values);
            foreach (var row in rows)
            {
                var vector = wide.AsSpan((row - start) * inputs, inputs);
                EnsureClasses(labels[row] + 1);
                _counts[labels[row]]++;
                VectorMath.Add(_sums[labels[row]], 1, vector);
                Squares += VectorMath.Dot(vector, vector);
            }
        }
    }

    public void Merge(ClassStatistics other)
    {
        if (other.Inputs != inputs) throw new ArgumentException($"features are {other.Inputs} wide, expected {inputs}");
        EnsureClasses(other.Classes);
        for (var k = 0; k < other.Classes; k++)
        {
            _counts[k] += other._counts[k];
            VectorMath.Add(_sums[k], 1, other._sums[k]);
        }
        Squares += other.Squares;
        if (Products is not null) VectorMath.Add(Products, 1, other.Products);
    }

    /// <summary>The mean of each class, [classes, inputs]; zeros for a class without rows.</summary>
    public double[] Means()
    {
        var means = new double[Classes * inputs];
        for (var k = 0; k < Classes; k++)
            if (_counts[k] > 0) VectorMath.Add(means.AsSpan(k * inputs, inputs), 1.0 / _counts[k], _sums[k]);
        return means;
    }

    /// <summary>The class means [classes, inputs] and the covariance that the classes share [inputs, inputs], shrunk towards a multiple of the identity; float64, in the caller's dispose scope.</summary>
    /// <param name="shrinkage">The share of the identity, 0 to 1; null: the oracle-approximating choice (Chen, Wiesel, Eldar and Hero 2010, equation 23).</param>
    public (Tensor Means, Tensor Covariance) SharedCovariance(double? shrinkage)
    {
        var means = tensor(Means()).view(Classes, inputs);
        var counts = tensor(_counts.Select(n => (double)n).ToArray()).view(Classes, 1);
        var covariance = (tensor(Products!).view(inputs, inputs) - means.t().mm(means * counts)) / Math.Max(1, Rows - Classes);
        var scale = Math.Max(covariance.trace().item<double>() / inputs, 1e-12);
        var share = shrinkage ?? OracleShrinkage(covariance, scale);
        // Rounding alone can make the last eigenvalues negative, so a trace of the identity is always there.
        return (means, covariance * (1 - share) + eye(inputs, dtype: ScalarType.Float64) * (scale * Math.Max(share, 1e-9)));
    }

    private double OracleShrinkage(Tensor covariance, double scale)
    {
        double squares = covariance.pow(2).sum().item<double>(), squaredTrace = Math.Pow(scale * inputs, 2), n = Math.Max(1, Rows - Classes);
        var spread = (n + 1 - 2.0 / inputs) * (squares - squaredTrace / inputs);
        return spread <= 0 ? 1 : Math.Clamp(((1 - 2.0 / inputs) * squares + squaredTrace) / spread, 0, 1);
    }

    public IReadOnlyList<(string Name, int[] Shape, double[] Values)> Save()
    {
        var arrays = new List<(string, int[], double[])>
        {
            ("counts", [Classes], [.. _counts.Select(count => (double)count)]),
            ("sums", [Classes, inputs], [.. _sums.SelectMany(sum => sum)]),
            ("squares", [1], [Squares]),
        };
        if (Products is not null) arrays.Add(("products", [inputs, inputs], Products));
        return arrays;
    }

    public static ClassStatistics Restore(IReadOnlyList<(string Name, int[] Shape, double[] Values)> arrays, bool withProducts)
    {
        var (counts, sums) = (Find("counts", 1), Find("sums", 2));
        var classes = counts.Values.Length;
        var statistics = new ClassStatistics(sums.Shape[1], withProducts) { Squares = Find("squares", 1).Values[0] };
        if (sums.Shape[0] != classes) throw new PolymathException($"tensor 'sums' has {sums.Shape[0]} rows, expected {classes}, one for each count");
        statistics.EnsureClasses(classes);
        for (var k = 0; k < classes; k++)
        {
            statistics._counts[k] = (long)counts.Values[k];
            sums.Values.AsSpan(k * statistics.Inputs, statistics.Inputs).CopyTo(statistics._sums[k]);
        }
        if (statistics.Products is not { } products) return statistics;
        var saved = Find("products", 2).Values;
        if (saved.Length != products.Length) throw new PolymathException($"tensor 'products' holds {saved.Length} values, expected {products.Length}");
        saved.CopyTo(products, 0);
        return statistics;

        (int[] Shape, double[] Values) Find(string name, int dimensions)
        {
            foreach (var (found, shape, values) in arrays)
                if (found == name && shape.Length == dimensions && shape.Aggregate(1L, (a, b) => a * b) == values.Length) return (shape, values);
            throw new PolymathException($"tensor '{name}' of {dimensions} dimension(s) is missing or misshapen; found {string.Join(", ", arrays.Select(a => a.Name))}");
        }
    }
}
