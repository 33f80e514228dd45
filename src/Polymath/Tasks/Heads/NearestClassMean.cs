using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>
/// Nearest class mean: a row belongs to the class whose mean is closest. Additive: rows come and go one by one, and a new class costs
/// nothing. As probabilities it is a Gaussian of equal spread in every direction around each mean, all classes equally likely.
/// Not thread-safe; the heads it makes are.
/// </summary>
public sealed class NearestClassMean
{
    private readonly ClassStatistics _statistics;

    /// <summary>Starts empty.</summary>
    /// <param name="inputs">The width of the features.</param>
    public NearestClassMean(int inputs) : this(new ClassStatistics(inputs, withProducts: false)) { }

    private NearestClassMean(ClassStatistics statistics) => _statistics = statistics;

    /// <summary>The number of classes seen: the largest label + 1.</summary>
    public int Classes => _statistics.Classes;

    /// <summary>The number of rows that are in.</summary>
    public long Rows => _statistics.Rows;

    /// <summary>Adds one row; a label not seen before makes a new class.</summary>
    public void Add(ReadOnlySpan<float> row, int label) => _statistics.Count(row, label, 1);

    /// <summary>Adds many rows.</summary>
    public void Add(FeatureMatrix x, ReadOnlySpan<int> labels) => _statistics.Add(x, labels);

    /// <summary>Takes out a row that was added; what remains is as if it had never come, up to rounding.</summary>
    public void Remove(ReadOnlySpan<float> row, int label) => _statistics.Count(row, label, -1);

    /// <summary>Adds all rows of another one.</summary>
    public void Merge(NearestClassMean other) => _statistics.Merge(other._statistics);

    /// <summary>The classifier as it stands: ‖x − μ‖² is linear in x up to what all classes share. A class without rows is never chosen.</summary>
    /// <param name="classes">At least so many classes; further ones have no rows.</param>
    public LinearHead ToHead(int classes = 0)
    {
        _statistics.EnsureClasses(classes);
        if (Rows == 0) throw new InvalidOperationException("there is no row yet");
        var (means, inputs) = (_statistics.Means(), _statistics.Inputs);
        var within = _statistics.Squares;
        for (var k = 0; k < Classes; k++) within -= _statistics.Counts[k] * VectorMath.Dot(Mean(k), Mean(k));
        // Rows that all lie on their class means leave no spread to measure: any small one orders the classes alike.
        var precision = inputs * Math.Max(1, Rows - Classes) / Math.Max(within, 1e-6 * _statistics.Squares + 1e-12);
        var bias = new float[Classes];
        for (var k = 0; k < Classes; k++) bias[k] = _statistics.Counts[k] == 0 ? -1e9f : (float)(-0.5 * precision * VectorMath.Dot(Mean(k), Mean(k)));
        return new LinearHead([.. means.Select(value => (float)(precision * value))], bias, inputs);

        ReadOnlySpan<double> Mean(int k) => means.AsSpan(k * inputs, inputs);
    }

    /// <summary>Everything that must be saved to go on later, in float64.</summary>
    public IReadOnlyList<(string Name, int[] Shape, double[] Values)> Save() => _statistics.Save();

    /// <summary>Goes on from what <see cref="Save"/> gave.</summary>
    /// <exception cref="PolymathException">An array is missing or misshapen.</exception>
    public static NearestClassMean Restore(IReadOnlyList<(string Name, int[] Shape, double[] Values)> arrays) =>
        new(ClassStatistics.Restore(arrays, withProducts: false));
}
