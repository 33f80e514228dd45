using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>Answers every row with the class frequencies of the training rows: the baseline that needs no feature at all.</summary>
public sealed class MajorityHead : IHead
{
    internal const string KindName = "majority";
    private readonly float[] _logits;

    private MajorityHead(float[] logits, int inputs) => (_logits, Inputs) = (logits, inputs);

    /// <summary>Counts the classes. Each is given half a row extra, so that one that never occurs is improbable, not impossible.</summary>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="inputs">The width of the features that it will be given and not look at.</param>
    public static MajorityHead Fit(ReadOnlySpan<int> labels, int classes, int inputs)
    {
        var counts = new double[classes];
        foreach (var label in labels) counts[label]++;
        var logits = new float[classes];
        for (var k = 0; k < classes; k++) logits[k] = (float)Math.Log((counts[k] + 0.5) / (labels.Length + 0.5 * classes));
        return new MajorityHead(logits, inputs);
    }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Classes => _logits.Length;

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, int[] Shape, float[] Values)> Arrays => [("logits", [Classes], _logits), ("inputs", [1], [Inputs])];

    /// <summary>Rebuilds the head from <see cref="Arrays"/>.</summary>
    /// <exception cref="PolymathException">An array is missing or misshapen.</exception>
    public static MajorityHead Restore(IReadOnlyList<(string Name, int[] Shape, float[] Values)> arrays) =>
        new(Head.Find(arrays, "logits", 1).Values, (int)Head.Find(arrays, "inputs", 1).Values[0]);

    /// <inheritdoc/>
    public void Scores(FeatureMatrix x, float[] scores)
    {
        Head.CheckSizes(this, x, scores);
        for (var i = 0; i < x.Rows; i++) _logits.CopyTo(scores.AsSpan(i * Classes));
    }
}
