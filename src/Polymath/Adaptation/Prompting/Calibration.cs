namespace Polymath.Adaptation;

/// <summary>How the preferences that a model has before it reads a row are taken out of its answers.</summary>
public enum CalibrationMethod
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>Divides by the probabilities on inputs without content, in the same prompt (Zhao et al. 2021).</summary>
    Contextual,
    /// <summary>Divides by the likelihood of the answer after the template's last words alone: pointwise mutual information (Holtzman et al. 2021).</summary>
    Pmi,
    /// <summary>Divides by the mean probabilities over rows (Zhou et al. 2023).</summary>
    Batch,
}

/// <summary>
/// The formulas. All three divide the probability of each label by what the model gives it without the row; in logarithms, where scores live, an offset a label
/// is subtracted. Nothing here knows labels of rows.
/// </summary>
public static class Calibration
{
    /// <summary>Inputs that say nothing.</summary>
    public static IReadOnlyList<string> ContentFree { get; } = ["N/A", "", "[MASK]"];

    /// <summary>Offsets of contextual calibration: the logarithm of the mean over content-free inputs of the labels' probabilities, each input's adding up to one.</summary>
    /// <param name="contentFree">Label scores on each content-free input.</param>
    public static double[] Contextual(IReadOnlyList<double[]> contentFree) => LogMath.MeanProbability(contentFree);

    /// <summary>Offsets of pointwise mutual information: the labels' scores without the row.</summary>
    /// <param name="premise">Label scores after the template's last words alone.</param>
    public static double[] Pmi(double[] premise) => premise;

    /// <summary>Offsets of batch calibration: the logarithm of the labels' mean probabilities over rows.</summary>
    /// <param name="rows">Label scores of rows; what is true of them is not needed.</param>
    public static double[] Batch(IReadOnlyList<double[]> rows) => LogMath.MeanProbability(rows);

    /// <summary>Scores less offsets.</summary>
    public static double[] Apply(double[] scores, double[] offsets)
    {
        if (scores.Length != offsets.Length) throw new ArgumentException($"{offsets.Length} offsets for {scores.Length} labels");
        var calibrated = new double[scores.Length];
        for (var k = 0; k < scores.Length; k++) calibrated[k] = scores[k] - offsets[k];
        return calibrated;
    }

    /// <summary>The name used on the command line and in files.</summary>
    public static string Name(this CalibrationMethod method) => method.ToString().ToLowerInvariant();
}
