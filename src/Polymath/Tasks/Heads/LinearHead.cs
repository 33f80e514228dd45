using System.Runtime.InteropServices;
using Polymath.Features;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>Logits = features · weightsᵀ + bias: what logistic regression, discriminant analysis and nearest class mean all come down to.</summary>
public sealed class LinearHead : IHead
{
    internal const string KindName = "linear";

    /// <summary>Wraps weights and bias without copying them.</summary>
    /// <param name="weights">[classes, inputs], row-major.</param>
    /// <param name="bias">[classes].</param>
    /// <param name="inputs">The width of the features.</param>
    /// <exception cref="ArgumentException">The number of weights is not classes × inputs.</exception>
    public LinearHead(float[] weights, float[] bias, int inputs)
    {
        if (bias.Length == 0 || weights.Length != (long)bias.Length * inputs)
            throw new ArgumentException($"{weights.Length} weights for {bias.Length} classes and {inputs} inputs");
        (Weights, Bias, Inputs) = (weights, bias, inputs);
    }

    /// <summary>[classes, inputs], row-major.</summary>
    public float[] Weights { get; }

    /// <summary>[classes].</summary>
    public float[] Bias { get; }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Classes => Bias.Length;

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, int[] Shape, float[] Values)> Arrays =>
        [("weight", [Classes, Inputs], Weights), ("bias", [Classes], Bias)];

    /// <summary>Rebuilds the head from <see cref="Arrays"/>.</summary>
    /// <exception cref="PolymathException">An array is missing or misshapen.</exception>
    public static LinearHead Restore(IReadOnlyList<(string Name, int[] Shape, float[] Values)> arrays)
    {
        var (shape, weights) = Head.Find(arrays, "weight", 2);
        var (_, bias) = Head.Find(arrays, "bias", 1);
        if (shape[0] != bias.Length) throw new PolymathException($"head tensor 'bias' has {bias.Length} values, expected {shape[0]}, one for each row of 'weight'");
        return new LinearHead(weights, bias, shape[1]);
    }

    /// <inheritdoc/>
    public void Scores(FeatureMatrix x, float[] scores)
    {
        Head.CheckSizes(this, x, scores);
        if (x.Rows == 0) return;
        using var scope = NewDisposeScope();
        using var without = no_grad();
        var weights = from_array(Weights).view(Classes, Inputs);
        var logits = addmm(from_array(Bias), x.AsTensor(), weights.t(), 1, 1);
        MemoryMarshal.Cast<byte, float>(logits.bytes).CopyTo(scores);
    }
}
