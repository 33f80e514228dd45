namespace Polymath.Evaluation;

/// <summary>How one class fared.</summary>
/// <param name="Precision">Hits / predictions of the class; 0 where it was never predicted.</param>
/// <param name="Recall">Hits / rows of the class; 0 where it has none.</param>
/// <param name="F1">The harmonic mean of the two.</param>
/// <param name="Rows">The rows whose true class it is.</param>
/// <param name="Predicted">The rows it was predicted for.</param>
public sealed record ClassScore(double Precision, double Recall, double F1, int Rows, int Predicted);

/// <summary>Every measure of a classifier on labelled rows, computed once.</summary>
public sealed class ClassificationReport
{
    /// <summary>Computes all measures.</summary>
    public ClassificationReport(Outcomes outcomes)
    {
        Outcomes = outcomes;
        Accuracy = Metric.Accuracy.Compute(outcomes);
        MacroF1 = Metric.MacroF1.Compute(outcomes);
        WeightedF1 = Metric.WeightedF1.Compute(outcomes);
        Matthews = Metric.Matthews.Compute(outcomes);
        LogLoss = Metric.LogLoss.Compute(outcomes);
        CalibrationError = Metric.CalibrationError.Compute(outcomes);
        var n = outcomes.Classes;
        Confusion = new int[n, n];
        for (var i = 0; i < outcomes.Rows; i++) Confusion[outcomes.Labels[i], outcomes.Predicted[i]]++;
        var classes = new ClassScore[n];
        for (var k = 0; k < n; k++)
        {
            int rows = 0, predicted = 0, hits = Confusion[k, k];
            for (var other = 0; other < n; other++) { rows += Confusion[k, other]; predicted += Confusion[other, k]; }
            classes[k] = new ClassScore(predicted == 0 ? 0 : (double)hits / predicted, rows == 0 ? 0 : (double)hits / rows,
                rows + predicted == 0 ? 0 : 2.0 * hits / (rows + predicted), rows, predicted);
        }
        Classes = classes;
    }

    /// <summary>The rows it was computed from.</summary>
    public Outcomes Outcomes { get; }

    /// <summary>See <see cref="Metric.Accuracy"/>; also the micro-averaged F1, as every row has one class.</summary>
    public double Accuracy { get; }

    /// <summary>See <see cref="Metric.MacroF1"/>.</summary>
    public double MacroF1 { get; }

    /// <summary>See <see cref="Metric.WeightedF1"/>.</summary>
    public double WeightedF1 { get; }

    /// <summary>See <see cref="Metric.Matthews"/>.</summary>
    public double Matthews { get; }

    /// <summary>See <see cref="Metric.LogLoss"/>; NaN where probabilities are unknown.</summary>
    public double LogLoss { get; }

    /// <summary>See <see cref="Metric.CalibrationError"/>; NaN where probabilities are unknown.</summary>
    public double CalibrationError { get; }

    /// <summary>Rows by true class (first index) and predicted class (second).</summary>
    public int[,] Confusion { get; }

    /// <summary>Each class's scores, in class order.</summary>
    public IReadOnlyList<ClassScore> Classes { get; }
}
