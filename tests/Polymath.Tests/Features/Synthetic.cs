using Polymath.Evaluation;
using Polymath.Features;

namespace Polymath.Tests;

/// <summary>Made-up data for tests.</summary>
internal static class Synthetic
{
    /// <summary>Gaussian classes: standard normal means times the spread, plus standard normal noise.</summary>
    public static (FeatureMatrix X, int[] Y) Clusters(int rows, int columns, int classes, double spread, ulong seed)
    {
        var random = new SeededRandom(seed);
        var means = Enumerable.Range(0, classes * columns).Select(_ => spread * random.NextGaussian()).ToArray();
        var y = Enumerable.Range(0, rows).Select(_ => random.Next(classes)).ToArray();
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(means[y[i / columns] * columns + i % columns] + random.NextGaussian());
        return (new FeatureMatrix(values, rows, columns), y);
    }
}
