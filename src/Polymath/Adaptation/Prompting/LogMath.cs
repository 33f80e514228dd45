namespace Polymath.Adaptation;

/// <summary>Probabilities as logarithms.</summary>
internal static class LogMath
{
    /// <summary>log(eᵃ + eᵇ).</summary>
    public static double Add(double a, double b)
    {
        var (large, small) = a > b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(small) ? large : large + Math.Log(1 + Math.Exp(small - large));
    }

    /// <summary>The scores less the logarithm of their sum: logarithms of probabilities that add up to one.</summary>
    public static double[] Normalise(ReadOnlySpan<double> scores)
    {
        var total = double.NegativeInfinity;
        foreach (var score in scores) total = Add(total, score);
        var normal = new double[scores.Length];
        for (var k = 0; k < normal.Length; k++) normal[k] = scores[k] - total;
        return normal;
    }

    /// <summary>The logarithm of the mean probability of each label over rows, each row's probabilities adding up to one.</summary>
    public static double[] MeanProbability(IReadOnlyList<double[]> scores)
    {
        var mean = new double[scores[0].Length];
        Array.Fill(mean, double.NegativeInfinity);
        foreach (var row in scores)
        {
            var normal = Normalise(row);
            for (var k = 0; k < mean.Length; k++) mean[k] = Add(mean[k], normal[k]);
        }
        for (var k = 0; k < mean.Length; k++) mean[k] -= Math.Log(scores.Count);
        return mean;
    }
}
