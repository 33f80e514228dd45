using System.Numerics.Tensors;

namespace Polymath.Features;

/// <summary>How the hidden layers of a network become one feature vector.</summary>
public enum LayerMixKind
{
    /// <summary>One layer.</summary>
    Single,
    /// <summary>The mean of the top k layers.</summary>
    Mean,
    /// <summary>The top k layers side by side, the last one first.</summary>
    Concat,
}

/// <summary>
/// Which layers a feature vector is read from. Layers count from 0 (after the embeddings) to the number of blocks; written <c>last</c>,
/// <c>layer3</c>, <c>top2</c> (mean of the top two) and <c>concat2</c>.
/// </summary>
/// <param name="Kind">Single, mean or concatenation.</param>
/// <param name="Count">How many top layers; for a single layer its number, or −1 for the last.</param>
public readonly record struct LayerMix(LayerMixKind Kind, int Count)
{
    /// <summary>The last layer.</summary>
    public static LayerMix Last { get; } = new(LayerMixKind.Single, -1);

    /// <summary>One layer by its number, 0 after the embeddings.</summary>
    public static LayerMix Layer(int layer) => new(LayerMixKind.Single, layer);

    /// <summary>The mean of the top k layers.</summary>
    public static LayerMix MeanOfTop(int count) => count == 1 ? Last : new(LayerMixKind.Mean, count);

    /// <summary>The top k layers side by side.</summary>
    public static LayerMix ConcatOfTop(int count) => count == 1 ? Last : new(LayerMixKind.Concat, count);

    /// <summary>Reads <c>last</c>, <c>layerN</c>, <c>topN</c> or <c>concatN</c>.</summary>
    /// <exception cref="PolymathException">Anything else.</exception>
    public static LayerMix Parse(string text)
    {
        if (text == "last") return Last;
        foreach (var (word, make, least) in new (string, Func<int, LayerMix>, int)[] { ("layer", Layer, 0), ("top", MeanOfTop, 1), ("concat", ConcatOfTop, 1) })
            if (text.StartsWith(word, StringComparison.Ordinal) && int.TryParse(text.AsSpan(word.Length), out var number) && number >= least) return make(number);
        throw new PolymathException($"'{text}' is no choice of layers; expected last, layer3, top2 (mean of the top two) or concat2");
    }

    /// <summary>Width of the feature vector for a network.</summary>
    /// <param name="width">Width of a hidden state.</param>
    public int Width(int width) => Kind == LayerMixKind.Concat ? width * Count : width;

    /// <summary>Whether this is the last layer of a network with so many blocks.</summary>
    internal bool IsLast(int blocks) => Kind == LayerMixKind.Single && (Count < 0 || Count == blocks);

    /// <summary>Checks that the network has the layers that are wanted.</summary>
    /// <exception cref="PolymathException">It has fewer.</exception>
    public void Check(int blocks)
    {
        var highest = Kind == LayerMixKind.Single ? Count : Count - 1;
        if (highest > blocks) throw new PolymathException($"layers '{this}' do not exist: the network has layers 0 (embeddings) to {blocks}");
    }

    /// <summary>Mixes one row.</summary>
    /// <param name="layers">Pooled vectors of layers 0 to the last, one after another.</param>
    /// <param name="width">Width of each.</param>
    /// <param name="mixed">Receives <see cref="Width"/> values.</param>
    public void Apply(ReadOnlySpan<float> layers, int width, Span<float> mixed)
    {
        var count = layers.Length / width;
        switch (Kind)
        {
            case LayerMixKind.Single:
                layers.Slice((Count < 0 ? count - 1 : Count) * width, width).CopyTo(mixed);
                break;
            case LayerMixKind.Concat:
                for (var k = 0; k < Count; k++) layers.Slice((count - 1 - k) * width, width).CopyTo(mixed[(k * width)..]);
                break;
            default:
                layers.Slice((count - 1) * width, width).CopyTo(mixed);
                for (var k = 1; k < Count; k++) TensorPrimitives.Add(mixed, layers.Slice((count - 1 - k) * width, width), mixed);
                TensorPrimitives.Divide(mixed, Count, mixed);
                break;
        }
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Kind switch
    {
        LayerMixKind.Single => Count < 0 ? "last" : $"layer{Count}",
        LayerMixKind.Mean => $"top{Count}",
        _ => $"concat{Count}",
    };
}
