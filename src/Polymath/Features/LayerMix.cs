using System.Globalization;
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
    /// <summary>A weighted sum of all layers; without weights, one that is yet to be learned.</summary>
    Weighted,
}

/// <summary>
/// Which layers a feature vector is read from. Layers count from 0 (after the embeddings) to the number of blocks; written <c>last</c>,
/// <c>layer3</c>, <c>top2</c> (mean of the top two), <c>concat2</c> and <c>mix:0.1,0.3,0.6</c> (a weight for each layer from 0 on);
/// <c>scalar-mix</c> stands for weights that are learned together with a head (Peters et al. 2018, equation 1).
/// </summary>
/// <param name="Kind">Single, mean, concatenation or weighted sum.</param>
/// <param name="Count">How many top layers; for a single layer its number, or −1 for the last.</param>
public readonly record struct LayerMix(LayerMixKind Kind, int Count)
{
    private const string Learned = "scalar-mix", Prefix = "mix:";

    private readonly float[]? _weights;

    /// <summary>The last layer.</summary>
    public static LayerMix Last { get; } = new(LayerMixKind.Single, -1);

    /// <summary>One layer by its number, 0 after the embeddings.</summary>
    public static LayerMix Layer(int layer) => new(LayerMixKind.Single, layer);

    /// <summary>The mean of the top k layers.</summary>
    public static LayerMix MeanOfTop(int count) => count == 1 ? Last : new(LayerMixKind.Mean, count);

    /// <summary>The top k layers side by side.</summary>
    public static LayerMix ConcatOfTop(int count) => count == 1 ? Last : new(LayerMixKind.Concat, count);

    /// <summary>A weighted sum whose weights are learned from labelled rows before any feature is mixed; see <see cref="Tasks.Heads.ScalarMix"/>.</summary>
    public static LayerMix ScalarMix { get; } = new(LayerMixKind.Weighted, 0);

    /// <summary>The sum of all layers, each times its weight.</summary>
    /// <param name="weights">A weight for each layer, from 0 (after the embeddings) to the last.</param>
    public static LayerMix Weighted(IReadOnlyList<float> weights) => new(LayerMixKind.Weighted, weights.Count) { Shares = [.. weights] };

    /// <summary>The weights of a weighted sum, a value for each layer; empty for the other kinds.</summary>
    public IReadOnlyList<float> Weights => Shares;

    /// <summary>Whether the weights must be learned first.</summary>
    public bool IsToBeLearned => Kind == LayerMixKind.Weighted && Count == 0;

    private float[] Shares { get => _weights ?? []; init => _weights = value; }

    /// <summary>Equal kind, count and weights.</summary>
    public bool Equals(LayerMix other) => Kind == other.Kind && Count == other.Count && Shares.AsSpan().SequenceEqual(other.Shares);

    /// <inheritdoc/>
    public override int GetHashCode() => Shares.Aggregate(HashCode.Combine(Kind, Count), HashCode.Combine);

    /// <summary>Reads <c>last</c>, <c>layerN</c>, <c>topN</c>, <c>concatN</c>, <c>mix:W,W,…</c> or <c>scalar-mix</c>.</summary>
    /// <exception cref="PolymathException">Anything else.</exception>
    public static LayerMix Parse(string text)
    {
        if (text == "last") return Last;
        if (text == Learned) return ScalarMix;
        if (text.StartsWith(Prefix, StringComparison.Ordinal)) return Weighted([.. text[Prefix.Length..].Split(',').Select(weight => Weight(weight, text))]);
        foreach (var (word, make, least) in new (string, Func<int, LayerMix>, int)[] { ("layer", Layer, 0), ("top", MeanOfTop, 1), ("concat", ConcatOfTop, 1) })
            if (text.StartsWith(word, StringComparison.Ordinal) && int.TryParse(text.AsSpan(word.Length), out var number) && number >= least) return make(number);
        throw new PolymathException($"'{text}' is no choice of layers; expected last, layer3, top2 (mean of the top two), concat2, scalar-mix or mix:0.1,0.3,0.6");
    }

    private static float Weight(string text, string all) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && float.IsFinite(weight) ? weight
        : throw new PolymathException($"'{OneLine.Short(all)}' is no choice of layers: '{OneLine.Short(text)}' is not a number; expected a weight for each layer, such as mix:0.1,0.3,0.6");

    /// <summary>Width of the feature vector for a network.</summary>
    /// <param name="width">Width of a hidden state.</param>
    public int Width(int width) => Kind == LayerMixKind.Concat ? width * Count : width;

    /// <summary>Whether this is the last layer of a network with so many blocks.</summary>
    internal bool IsLast(int blocks) => Kind == LayerMixKind.Single && (Count < 0 || Count == blocks);

    /// <summary>Checks that the network has the layers that are wanted.</summary>
    /// <exception cref="PolymathException">It has fewer.</exception>
    public void Check(int blocks)
    {
        if (Kind == LayerMixKind.Weighted)
        {
            if (Count != 0 && Count != blocks + 1) throw new PolymathException($"layers '{this}' have {Count} weights: the network has layers 0 (embeddings) to {blocks}; expected {blocks + 1} weights");
            return;
        }
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
            case LayerMixKind.Weighted:
                if (Count != count) throw new InvalidOperationException($"a mix of {Count} layers cannot read {count}");
                mixed[..width].Clear();
                for (var k = 0; k < count; k++) TensorPrimitives.MultiplyAdd(layers.Slice(k * width, width), Shares[k], mixed[..width], mixed);
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
        LayerMixKind.Weighted => Count == 0 ? Learned : Prefix + string.Join(',', Shares.Select(weight => weight.ToString(CultureInfo.InvariantCulture))),
        _ => $"concat{Count}",
    };
}
