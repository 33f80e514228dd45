using Polymath.Features;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>
/// Linear discriminant analysis from additive statistics (Hayes and Kanan 2020, "Lifelong machine learning with deep streaming linear
/// discriminant analysis"): Gaussian classes with one shared covariance, shrunk towards a multiple of the identity. No gradient, no
/// passes: rows come and go one by one, and a new class takes milliseconds. Not thread-safe; the heads it makes are.
/// </summary>
public sealed class StreamingLda
{
    private readonly ClassStatistics _statistics;

    /// <summary>Starts empty.</summary>
    /// <param name="inputs">The width of the features; inputs² numbers are kept.</param>
    public StreamingLda(int inputs) : this(new ClassStatistics(inputs, withProducts: true)) { }

    private StreamingLda(ClassStatistics statistics) => _statistics = statistics;

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
    public void Merge(StreamingLda other) => _statistics.Merge(other._statistics);

    /// <summary>The classifier as it stands: weights Σ⁻¹μ, bias −½ μᵀΣ⁻¹μ + ln(prior). A class without rows is never chosen.</summary>
    /// <param name="classes">At least so many classes; further ones have no rows.</param>
    /// <param name="shrinkage">The share of the identity in Σ, 0 to 1; null: the oracle-approximating choice (Chen, Wiesel, Eldar and Hero
    /// 2010, equation 23), which needs no data but these statistics.</param>
    /// <param name="equalPriors">All classes equally likely instead of by their numbers of rows.</param>
    public LinearHead ToHead(int classes = 0, double? shrinkage = null, bool equalPriors = false)
    {
        if (shrinkage is < 0 or > 1) throw new ArgumentOutOfRangeException(nameof(shrinkage), shrinkage, "a share lies between 0 and 1");
        _statistics.EnsureClasses(classes);
        if (Rows == 0) throw new InvalidOperationException("there is no row yet");
        var (inputs, count) = (_statistics.Inputs, Classes);
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var (means, covariance) = _statistics.SharedCovariance(shrinkage);
        var weights = linalg.solve(covariance, means.t()).t();
        var offsets = RotatedFeatures.Read((weights * means).sum(1));
        var bias = new float[count];
        for (var k = 0; k < count; k++)
            bias[k] = _statistics.Counts[k] == 0 ? -1e9f : (float)(-0.5 * offsets[k] + (equalPriors ? 0 : Math.Log((double)_statistics.Counts[k] / Rows)));
        return new LinearHead([.. RotatedFeatures.Read(weights).Select(value => (float)value)], bias, inputs);
    }

    /// <summary>Everything that must be saved to go on later, in float64.</summary>
    public IReadOnlyList<(string Name, int[] Shape, double[] Values)> Save() => _statistics.Save();

    /// <summary>Goes on from what <see cref="Save"/> gave.</summary>
    /// <exception cref="PolymathException">An array is missing or misshapen.</exception>
    public static StreamingLda Restore(IReadOnlyList<(string Name, int[] Shape, double[] Values)> arrays) =>
        new(ClassStatistics.Restore(arrays, withProducts: true));
}
