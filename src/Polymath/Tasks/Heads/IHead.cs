using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>A classifier on top of features. Immutable after training, safe for concurrent use.</summary>
public interface IHead
{
    /// <summary>The name under which a file says how to restore this head; see <see cref="Head.Restore"/>.</summary>
    string Kind { get; }

    /// <summary>The width of the features it reads.</summary>
    int Inputs { get; }

    /// <summary>The number of classes.</summary>
    int Classes { get; }

    /// <summary>Everything that must be saved: names, shapes, row-major values.</summary>
    IReadOnlyList<(string Name, int[] Shape, float[] Values)> Arrays { get; }

    /// <summary>Writes the logits of all rows; the softmax of a row gives its class probabilities.</summary>
    /// <param name="x">Features, [rows, <see cref="Inputs"/>].</param>
    /// <param name="scores">Receives logits, [rows, <see cref="Classes"/>], row-major.</param>
    /// <exception cref="ArgumentException">A width or length does not fit.</exception>
    void Scores(FeatureMatrix x, float[] scores);
}

/// <summary>What all heads share.</summary>
public static class Head
{
    /// <summary>Rebuilds a head from its kind and its saved arrays.</summary>
    /// <exception cref="PolymathException">The kind is unknown, or an array is missing or misshapen.</exception>
    public static IHead Restore(string kind, IReadOnlyList<(string Name, int[] Shape, float[] Values)> arrays) => kind switch
    {
        LinearHead.KindName => LinearHead.Restore(arrays),
        MajorityHead.KindName => MajorityHead.Restore(arrays),
        _ => throw new PolymathException($"head kind '{kind}' is unknown; expected {LinearHead.KindName} or {MajorityHead.KindName}"),
    };

    /// <summary>The logits of all rows, [rows, classes], row-major.</summary>
    public static float[] Scores(this IHead head, FeatureMatrix x)
    {
        var scores = new float[checked(x.Rows * head.Classes)];
        head.Scores(x, scores);
        return scores;
    }

    /// <summary>The class probabilities of all rows, [rows, classes], row-major.</summary>
    public static float[] Probabilities(this IHead head, FeatureMatrix x)
    {
        var scores = head.Scores(x);
        for (var i = 0; i < x.Rows; i++) SoftmaxInPlace(scores.AsSpan(i * head.Classes, head.Classes));
        return scores;
    }

    /// <summary>The class with the highest score of each row; ties go to the lower class.</summary>
    public static int[] Predict(this IHead head, FeatureMatrix x)
    {
        var scores = head.Scores(x);
        var predicted = new int[x.Rows];
        for (var i = 0; i < x.Rows; i++)
            for (var k = 1; k < head.Classes; k++)
                if (scores[i * head.Classes + k] > scores[i * head.Classes + predicted[i]]) predicted[i] = k;
        return predicted;
    }

    /// <summary>Turns a row of logits into probabilities.</summary>
    internal static void SoftmaxInPlace(Span<float> row)
    {
        var largest = float.NegativeInfinity;
        foreach (var value in row) largest = Math.Max(largest, value);
        float sum = 0;
        foreach (ref var value in row) sum += value = MathF.Exp(value - largest);
        foreach (ref var value in row) value /= sum;
    }

    internal static void CheckSizes(IHead head, FeatureMatrix x, float[] scores)
    {
        if (x.Columns != head.Inputs) throw new ArgumentException($"features are {x.Columns} wide, the head reads {head.Inputs}");
        if (scores.Length != (long)x.Rows * head.Classes) throw new ArgumentException($"{scores.Length} scores for {x.Rows} rows of {head.Classes} classes");
    }

    internal static (int[] Shape, float[] Values) Find(IReadOnlyList<(string Name, int[] Shape, float[] Values)> arrays, string name, int dimensions)
    {
        foreach (var (found, shape, values) in arrays)
        {
            if (found != name) continue;
            if (shape.Length != dimensions || shape.Aggregate(1L, (a, b) => a * b) != values.Length || values.Length == 0)
                throw new PolymathException($"head tensor '{name}' has shape [{string.Join(", ", shape)}], expected {dimensions} dimension(s) that hold {values.Length} value(s)");
            return (shape, values);
        }
        throw new PolymathException($"head tensor '{name}' is missing; found {string.Join(", ", arrays.Select(array => array.Name))}");
    }
}
