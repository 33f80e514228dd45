namespace Polymath.Tasks.Scope;

/// <summary>Scores of a row that its logits alone give.</summary>
internal static class LogitScores
{
    /// <summary>Scores all rows.</summary>
    /// <param name="score">Probability, logit or energy.</param>
    /// <param name="logits">[rows, classes], row-major.</param>
    /// <param name="classes">The number of classes.</param>
    public static double[] Of(ScopeScore score, ReadOnlySpan<float> logits, int classes)
    {
        var scores = new double[logits.Length / classes];
        for (var r = 0; r < scores.Length; r++)
        {
            var row = logits.Slice(r * classes, classes);
            double largest = System.Numerics.Tensors.TensorPrimitives.Max(row), sum = 0;
            foreach (var logit in row) sum += Math.Exp(logit - largest);
            scores[r] = score switch
            {
                ScopeScore.Probability => 1 / sum,
                ScopeScore.Logit => largest,
                _ => largest + Math.Log(sum),
            };
        }
        return scores;
    }
}
