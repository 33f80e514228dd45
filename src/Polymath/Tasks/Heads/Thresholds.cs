namespace Polymath.Tasks.Heads;

/// <summary>
/// Chooses the least probability at which each label is given: where F1 is best on probabilities of rows that the head did not learn from.
/// A label with few rows says little about its own best threshold, so every label's counts are joined by those of all labels together,
/// scaled down to <see cref="Prior"/> true rows: a frequent label decides for itself, a rare one follows the others.
/// </summary>
internal static class Thresholds
{
    /// <summary>How many true rows the counts of all labels weigh.</summary>
    public const double Prior = 10;

    // Candidates lie evenly in log odds, from 0.7 to 99.3 %: probabilities of rare labels are small.
    private const int Steps = 101;
    private const double Spacing = 0.1;

    /// <summary>A threshold for each label, strictly between 0 and 1; 0.5 for all where no label occurs.</summary>
    /// <param name="truth">Whether a row has a label, [rows, labels].</param>
    /// <param name="probabilities">The probability of each label for each row, [rows, labels].</param>
    /// <param name="labels">The number of labels.</param>
    public static double[] Choose(ReadOnlySpan<bool> truth, ReadOnlySpan<float> probabilities, int labels)
    {
        // How many true and false cells of each label lie at or above each candidate; the last row sums all labels.
        double[,] hits = new double[labels + 1, Steps], misses = new double[labels + 1, Steps];
        var positives = new double[labels + 1];
        for (var i = 0; i < truth.Length; i++)
        {
            var above = Above(probabilities[i]);
            var counted = truth[i] ? hits : misses;
            for (var step = 0; step < above; step++)
            {
                counted[i % labels, step]++;
                counted[labels, step]++;
            }
            if (!truth[i]) continue;
            positives[i % labels]++;
            positives[labels]++;
        }
        var thresholds = new double[labels];
        if (positives[labels] == 0) Array.Fill(thresholds, 0.5);
        else
            for (var k = 0; k < labels; k++) thresholds[k] = At(Best(k));
        return thresholds;

        int Best(int label)
        {
            var share = Prior / positives[labels];
            var (best, bestValue) = (0, double.NegativeInfinity);
            for (var step = 0; step < Steps; step++)
            {
                var hit = hits[label, step] + share * hits[labels, step];
                var wrong = misses[label, step] + share * misses[labels, step];
                var value = 2 * hit / (hit + wrong + positives[label] + Prior);
                // Of equals the one nearest to even odds.
                if (value > bestValue + 1e-12 || (value > bestValue - 1e-12 && Math.Abs(step - Steps / 2) < Math.Abs(best - Steps / 2))) (best, bestValue) = (step, value);
            }
            return best;
        }
    }

    /// <summary>The candidate threshold of a step.</summary>
    private static double At(int step) => 1 / (1 + Math.Exp(-Spacing * (step - Steps / 2)));

    /// <summary>How many candidates a probability reaches.</summary>
    private static int Above(double probability)
    {
        if (!(probability > 0)) return 0;
        if (probability >= 1) return Steps;
        var reached = (int)Math.Floor(Math.Log(probability / (1 - probability)) / Spacing + Steps / 2 + 1e-9) + 1;
        return Math.Clamp(reached, 0, Steps);
    }
}
