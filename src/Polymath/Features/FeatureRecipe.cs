using Polymath.Backbones;

namespace Polymath.Features;

/// <summary>How one feature vector of a row is made from the pooled layers: by a pooling and a mix of layers, or as the folder's own sentence vector.</summary>
/// <param name="Pooling">How token states become one vector.</param>
/// <param name="Layers">Which layers are read.</param>
/// <param name="Sentence">The folder's sentence vector (last layer through its dense layers and normalisation) instead of a mix.</param>
public sealed record FeatureRecipe(Pooling Pooling, LayerMix Layers, bool Sentence = false)
{
    /// <summary>The folder's own sentence vector.</summary>
    public static FeatureRecipe SentenceOf(Backbone backbone) => new(backbone.Sentence.Pooling, LayerMix.Last, Sentence: true);

    /// <summary>Width of the vector.</summary>
    public int Width(Backbone backbone) => Sentence ? backbone.Sentence.Width(backbone.Config.Width) : Layers.Width(backbone.Config.Width);

    /// <summary>Makes the vector of one row.</summary>
    /// <param name="backbone">The network that the layers come from.</param>
    /// <param name="layers">Pooled vectors of all layers, one after another.</param>
    /// <param name="vector">Receives <see cref="Width"/> values.</param>
    internal void Apply(Backbone backbone, ReadOnlySpan<float> layers, Span<float> vector)
    {
        if (Sentence) backbone.Sentence.Finish(layers[^backbone.Config.Width..]).CopyTo(vector);
        else Layers.Apply(layers, backbone.Config.Width, vector);
    }

    /// <summary>The vectors of a block's rows.</summary>
    internal FeatureMatrix Apply(Backbone backbone, FeatureBlock block)
    {
        var width = Width(backbone);
        var values = new float[block.Rows.Length * width];
        for (var r = 0; r < block.Rows.Length; r++)
            Apply(backbone, block.Values[Pooling].AsSpan(r * block.Stride, block.Stride), values.AsSpan(r * width, width));
        return new FeatureMatrix(values, block.Rows.Length, width);
    }

    /// <summary>For people: <c>mean top2</c>.</summary>
    public override string ToString() => Sentence ? "sentence" : $"{Pooling.ToString().ToLowerInvariant()} {Layers}";
}
