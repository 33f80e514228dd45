using Polymath.Backbones;

namespace Polymath.Features;

/// <summary>How one feature vector of a row is made from the pooled layers: by a pooling and a mix of layers, or as the folder's own sentence vector.</summary>
/// <param name="Pooling">How token states become one vector.</param>
/// <param name="Layers">Which layers are read.</param>
/// <param name="Sentence">The folder's sentence vector (last layer through its dense layers and normalisation) instead of a mix.</param>
public sealed record FeatureRecipe(Pooling Pooling, LayerMix Layers, bool Sentence = false)
{
    /// <summary>How two texts become one vector, where rows are pairs.</summary>
    public PairEncoding Pairs { get; init; }

    /// <summary>The poolings whose cosines tell how alike two texts are at each layer.</summary>
    internal static readonly Pooling[] Likeness = [Pooling.Mean, Pooling.Cls];

    /// <summary>The folder's own sentence vector.</summary>
    public static FeatureRecipe SentenceOf(Backbone backbone) => new(backbone.Sentence.Pooling, LayerMix.Last, Sentence: true);

    /// <summary>Width of a row's vector.</summary>
    public int Width(Backbone backbone) => Pairs.Width(TextWidth(backbone), Likeness.Length * (backbone.Config.Layers + 1));

    /// <summary>The poolings that must be computed: of pairs that are read apart those of the cosines as well.</summary>
    internal IReadOnlyList<Pooling> Poolings => Pairs == PairEncoding.Joint ? [Pooling] : [.. Likeness.Append(Pooling).Distinct()];

    private int TextWidth(Backbone backbone) => Sentence ? backbone.Sentence.Width(backbone.Config.Width) : Layers.Width(backbone.Config.Width);

    /// <summary>Makes the vector of one text, or of a pair in one sequence.</summary>
    /// <param name="backbone">The network that the layers come from.</param>
    /// <param name="layers">Pooled vectors of all layers, one after another.</param>
    /// <param name="vector">Receives the values.</param>
    internal void Apply(Backbone backbone, ReadOnlySpan<float> layers, Span<float> vector)
    {
        if (Sentence) backbone.Sentence.Finish(layers[^backbone.Config.Width..]).CopyTo(vector);
        else Layers.Apply(layers, backbone.Config.Width, vector);
    }

    /// <summary>The vectors of a block's rows; of pairs that are read apart, one vector for every two rows.</summary>
    internal FeatureMatrix Apply(Backbone backbone, FeatureBlock block)
    {
        var width = TextWidth(backbone);
        var values = new float[block.Rows.Length * width];
        for (var r = 0; r < block.Rows.Length; r++)
            Apply(backbone, block.Values[Pooling].AsSpan(r * block.Stride, block.Stride), values.AsSpan(r * width, width));
        if (Pairs == PairEncoding.Joint) return new FeatureMatrix(values, block.Rows.Length, width);
        int count = block.Rows.Length / 2, joined = Width(backbone), layer = backbone.Config.Width, layers = block.Stride / layer;
        var pairs = new float[count * joined];
        var cosines = new float[Likeness.Length * layers];
        for (var r = 0; r < count; r++)
        {
            for (var c = 0; c < cosines.Length; c++)
            {
                var states = block.Values[Likeness[c / layers]].AsSpan(2 * r * block.Stride + c % layers * layer, block.Stride + layer);
                cosines[c] = PairEncodings.Cosine(states[..layer], states[block.Stride..]);
            }
            PairEncodings.Join(Pairs, values.AsSpan(2 * r * width, width), values.AsSpan((2 * r + 1) * width, width), cosines, pairs.AsSpan(r * joined, joined));
        }
        return new FeatureMatrix(pairs, count, joined);
    }

    /// <summary>For people: <c>mean top2</c>.</summary>
    public override string ToString() => (Sentence ? "sentence" : $"{Pooling.ToString().ToLowerInvariant()} {Layers}") + (Pairs == PairEncoding.Joint ? "" : $", {Pairs.Name()}");
}
