namespace Polymath.Evaluation;

/// <summary>The measures that selection can optimise and reports show.</summary>
public enum Metric
{
    /// <summary>The share of rows whose predicted class is the true one; of tagging, of words whose tag is.</summary>
    Accuracy,
    /// <summary>The mean of the classes' F1; a class that occurs neither among labels nor predictions is left out.</summary>
    MacroF1,
    /// <summary>The mean of the classes' F1, weighted by the classes' numbers of rows.</summary>
    WeightedF1,
    /// <summary>Matthews' correlation coefficient for any number of classes (Gorodkin 2004); 0 where one side is constant.</summary>
    Matthews,
    /// <summary>The mean of −log p(true class); lower is better.</summary>
    LogLoss,
    /// <summary>Expected calibration error: the mean gap between confidence and accuracy over 15 equal bins (Guo et al. 2017); lower is better.</summary>
    CalibrationError,
    /// <summary>Two classes: area under the ROC curve of the second class's probability; ties count one half. NaN where one class is absent.</summary>
    RocAuc,
    /// <summary>Several labels a row: F1 over all cells of rows × labels; 0 where nothing is true and nothing predicted.</summary>
    MicroF1,
    /// <summary>Several labels a row: the share of rows whose labels are all right, no more and no less; of texts, the share that is the right answer to the letter, blanks around it aside.</summary>
    ExactMatch,
    /// <summary>Several labels a row: the share of wrong cells of rows × labels; lower is better.</summary>
    HammingLoss,
    /// <summary>
    /// Several labels a row: the mean over a row's true labels of the share of true ones among those ranked as high; 1 for a row with none
    /// or all (Schapire and Singer 2000, as scikit-learn's label_ranking_average_precision_score).
    /// </summary>
    LabelRanking,
    /// <summary>Numbers: Spearman's rank correlation, ties at their mean rank; 0 where one side is constant.</summary>
    Spearman,
    /// <summary>Numbers: Pearson's correlation; 0 where one side is constant.</summary>
    Pearson,
    /// <summary>Numbers: the mean of |predicted − true|; lower is better.</summary>
    MeanAbsoluteError,
    /// <summary>Numbers: the root of the mean squared error; lower is better.</summary>
    RootMeanSquaredError,
    /// <summary>Numbers: 1 − squared error / squared error of the mean, R²; NaN where all true values are equal.</summary>
    RSquared,
    /// <summary>Spans of words: F1 of exact spans, all kinds together (micro average), as conlleval counts; 0 where there is none.</summary>
    SpanF1,
    /// <summary>Spans of words: the share of found spans that are right; 0 where none was found.</summary>
    SpanPrecision,
    /// <summary>Spans of words: the share of true spans that were found; 0 where there is none.</summary>
    SpanRecall,
    /// <summary>Texts: the mean of the rows' ROUGE-L, the F1 of the longest common subsequence of lower-case words (Lin 2004).</summary>
    RougeL,
    /// <summary>Texts: chrF, the F2 of character n-grams up to 6 over all rows together, blanks left out (Popović 2015, as sacrebleu counts); from 0 to 1.</summary>
    Chrf,
    /// <summary>Texts: e to the mean of −log p of the right answers' tokens, end token included; lower is better. NaN where likelihoods are unknown.</summary>
    Perplexity,
}

/// <summary>Names and values of <see cref="Metric"/>.</summary>
public static class Metrics
{
    private static readonly (Metric Metric, string Name)[] s_names =
    [
        (Metric.Accuracy, "accuracy"), (Metric.MacroF1, "macro-f1"), (Metric.WeightedF1, "weighted-f1"), (Metric.Matthews, "mcc"),
        (Metric.LogLoss, "log-loss"), (Metric.CalibrationError, "calibration-error"), (Metric.RocAuc, "auroc"),
        (Metric.MicroF1, "micro-f1"), (Metric.ExactMatch, "exact-match"), (Metric.HammingLoss, "hamming-loss"), (Metric.LabelRanking, "label-ranking"),
        (Metric.Spearman, "spearman"), (Metric.Pearson, "pearson"), (Metric.MeanAbsoluteError, "mae"), (Metric.RootMeanSquaredError, "rmse"), (Metric.RSquared, "r2"),
        (Metric.SpanF1, "span-f1"), (Metric.SpanPrecision, "span-precision"), (Metric.SpanRecall, "span-recall"),
        (Metric.RougeL, "rouge-l"), (Metric.Chrf, "chrf"), (Metric.Perplexity, "perplexity"),
    ];

    /// <summary>All names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_names.Select(pair => pair.Name)];

    /// <summary>The name used on the command line and in files, such as accuracy, macro-f1, spearman.</summary>
    public static string Name(this Metric metric) => s_names.First(pair => pair.Metric == metric).Name;

    /// <summary>The metric of a name; case does not matter and '_' stands for '-'.</summary>
    /// <exception cref="PolymathException">There is no metric of that name.</exception>
    public static Metric Parse(string name)
    {
        foreach (var (metric, known) in s_names)
            if (known.Equals(name.Replace('_', '-'), StringComparison.OrdinalIgnoreCase)) return metric;
        throw new PolymathException($"metric '{name}' is unknown; expected one of {string.Join(", ", Names)}");
    }

    /// <summary>Whether a larger value is a better one.</summary>
    public static bool HigherIsBetter(this Metric metric) => metric is not
        (Metric.LogLoss or Metric.CalibrationError or Metric.HammingLoss or Metric.MeanAbsoluteError or Metric.RootMeanSquaredError or Metric.Perplexity);

    /// <summary>Whether the value is a share of rows, cells or pairs, which people read as a percentage.</summary>
    internal static bool IsShare(this Metric metric) => metric.HigherIsBetter() && metric is not (Metric.Spearman or Metric.Pearson or Metric.RSquared);

    /// <summary>Whether <paramref name="value"/> beats <paramref name="other"/>; NaN beats nothing and is beaten by every number.</summary>
    public static bool IsBetter(this Metric metric, double value, double other) =>
        !double.IsNaN(value) && (double.IsNaN(other) || (metric.HigherIsBetter() ? value > other : value < other));

    /// <summary>The metric's value. NaN for log loss, calibration error and AUROC where probabilities are unknown.</summary>
    /// <param name="metric">The measure.</param>
    /// <param name="outcomes">Truth and predictions.</param>
    /// <param name="counts">How often each row counts, [rows]; empty: once. The bootstrap passes its draws here.</param>
    /// <exception cref="PolymathException">The metric is none for outcomes of this kind.</exception>
    public static double Compute(this Metric metric, TaskOutcomes outcomes, ReadOnlySpan<int> counts = default)
    {
        if (counts.Length != 0 && counts.Length != outcomes.Rows) throw new ArgumentException($"{counts.Length} counts for {outcomes.Rows} rows");
        return outcomes.Measure(metric, counts);
    }
}
