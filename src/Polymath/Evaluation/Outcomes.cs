namespace Polymath.Evaluation;

/// <summary>What a classifier said about rows with one class each.</summary>
public sealed class Outcomes : TaskOutcomes
{
    /// <summary>The number of equally wide confidence bins of the calibration error.</summary>
    internal const int CalibrationBins = 15;

    /// <summary>Outcomes with predicted classes only: log loss and calibration are unknown (NaN).</summary>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="predicted">Predicted classes, [rows].</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">Lengths differ, there is no row, or a class is out of range.</exception>
    public Outcomes(int[] labels, int[] predicted, int classes)
    {
        if (labels.Length != predicted.Length) throw new ArgumentException($"{labels.Length} labels but {predicted.Length} predictions");
        if (labels.Length == 0) throw new ArgumentException("there is no row to evaluate");
        foreach (var array in new[] { labels, predicted })
            foreach (var k in array)
                if ((uint)k >= (uint)classes) throw new ArgumentException($"class {k} is outside 0..{classes - 1}");
        (Labels, Predicted, Classes) = (labels, predicted, classes);
    }

    private Outcomes(int[] labels, int[] predicted, int classes, double[] logLosses, double[] confidences) : this(labels, predicted, classes) =>
        (LogLosses, Confidences) = (logLosses, confidences);

    /// <summary>Outcomes from a head's scores (logits; the softmax of a row gives its probabilities). Ties go to the lower class.</summary>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="scores">Logits, [rows, classes], row-major.</param>
    /// <param name="classes">The number of classes.</param>
    public static Outcomes FromScores(int[] labels, ReadOnlySpan<float> scores, int classes)
    {
        if (scores.Length != (long)labels.Length * classes) throw new ArgumentException($"{scores.Length} scores for {labels.Length} rows of {classes} classes");
        var predicted = new int[labels.Length];
        var losses = new double[labels.Length];
        var confidences = new double[labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            var row = scores.Slice(i * classes, classes);
            var best = 0;
            for (var k = 1; k < classes; k++)
                if (row[k] > row[best]) best = k;
            double sum = 0;
            foreach (var score in row) sum += Math.Exp((double)score - row[best]);
            predicted[i] = best;
            confidences[i] = 1 / sum;
            losses[i] = Math.Log(sum) - ((double)row[labels[i]] - row[best]);
        }
        return new Outcomes(labels, predicted, classes, losses, confidences);
    }

    /// <summary>True classes, [rows].</summary>
    public int[] Labels { get; }

    /// <summary>Predicted classes, [rows].</summary>
    public int[] Predicted { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>−log p(true class) of each row, where probabilities are known.</summary>
    public double[]? LogLosses { get; }

    /// <summary>The probability of each row's predicted class, where probabilities are known.</summary>
    public double[]? Confidences { get; }

    /// <inheritdoc/>
    public override int Rows => Labels.Length;

    /// <summary>Rows in ascending order of the second class's probability, where there are two classes and probabilities are known.</summary>
    internal SortedValues? SecondClassOrder => field ??= Classes != 2 || Confidences is null ? null
        : SortedValues.Of([.. Confidences.Select((confidence, i) => Predicted[i] == 1 ? confidence : 1 - confidence)]);

    private protected override TaskOutcomes JoinAll(IReadOnlyList<TaskOutcomes> parts)
    {
        Outcomes[] all = [.. parts.Cast<Outcomes>()];
        if (all.Any(part => part.Classes != Classes)) throw new ArgumentException("the parts have different classes");
        int[] labels = [.. all.SelectMany(part => part.Labels)], predicted = [.. all.SelectMany(part => part.Predicted)];
        return all.All(part => part.LogLosses is not null)
            ? new Outcomes(labels, predicted, Classes, [.. all.SelectMany(part => part.LogLosses!)], [.. all.SelectMany(part => part.Confidences!)])
            : new Outcomes(labels, predicted, Classes);
    }

    internal override double Measure(Metric metric, ReadOnlySpan<int> counts) => ClassMeasures.Of(metric, this, counts);

    internal override bool SameTruth(TaskOutcomes other) => other is Outcomes same && Labels.AsSpan().SequenceEqual(same.Labels);
}
