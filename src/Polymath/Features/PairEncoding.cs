using System.Numerics.Tensors;
using System.Text.Json;

namespace Polymath.Features;

/// <summary>How two texts become one feature vector.</summary>
public enum PairEncoding
{
    /// <summary>Both texts in one sequence, as the family writes pairs; the network relates them, if it has learned to.</summary>
    Joint,
    /// <summary>
    /// Each text by itself; products u·v and differences |u − v| of their vectors, and their cosines at every layer, for the mean and for the first token:
    /// near misses differ from matches in how the likeness changes from layer to layer.
    /// </summary>
    Siamese,
    /// <summary>As <see cref="Siamese"/>, with the vectors u and v themselves as well (Conneau et al. 2017).</summary>
    SiameseFull,
}

/// <summary>Names of <see cref="PairEncoding"/>, and the vectors it makes of two.</summary>
public static class PairEncodings
{
    /// <summary>How much smaller than 1 products and differences are made; measured on pairs of questions, where 0.1 to 0.3 do as well.</summary>
    internal const float Modesty = 0.2f;

    /// <summary>The name used on the command line and in files: joint, siamese, siamese-full.</summary>
    public static string Name(this PairEncoding encoding) => JsonNamingPolicy.KebabCaseLower.ConvertName(encoding.ToString());

    /// <summary>The encoding of a name.</summary>
    /// <exception cref="PolymathException">There is no encoding of that name.</exception>
    public static PairEncoding Parse(string name) => Enum.GetValues<PairEncoding>().Cast<PairEncoding?>().FirstOrDefault(encoding => encoding!.Value.Name() == name)
        ?? throw new PolymathException($"pair encoding '{OneLine.Short(name)}' is not known; expected one of {string.Join(", ", Enum.GetValues<PairEncoding>().Select(encoding => encoding.Name()))}");

    /// <summary>The width of what is made of two vectors.</summary>
    /// <param name="encoding">The encoding.</param>
    /// <param name="width">The width of a text's vector.</param>
    /// <param name="cosines">The number of cosines.</param>
    internal static int Width(this PairEncoding encoding, int width, int cosines) =>
        encoding switch { PairEncoding.Siamese => 2 * width + cosines, PairEncoding.SiameseFull => 4 * width + cosines, _ => width };

    /// <summary>
    /// Makes one vector of two. Both are first brought to length √width, so that products and differences have the same size whatever the network. They
    /// are many and say little each, so they are scaled down, and the cosines are scaled up: a penalty holds the former back and hardly the latter.
    /// </summary>
    /// <param name="encoding">Not <see cref="PairEncoding.Joint"/>.</param>
    /// <param name="u">The first text's vector; changed.</param>
    /// <param name="v">The second text's vector; changed.</param>
    /// <param name="cosines">Cosines of the two texts.</param>
    /// <param name="pair">Receives u·v, |u − v|, the cosines, and for the full encoding u and v.</param>
    internal static void Join(PairEncoding encoding, Span<float> u, Span<float> v, ReadOnlySpan<float> cosines, Span<float> pair)
    {
        var width = u.Length;
        var size = MathF.Sqrt(width);
        Resize(u, size);
        Resize(v, size);
        Span<float> products = pair[..width], differences = pair.Slice(width, width);
        TensorPrimitives.Multiply(u, v, products);
        TensorPrimitives.Subtract(u, v, differences);
        TensorPrimitives.Abs(differences, differences);
        TensorPrimitives.Multiply(pair[..(2 * width)], Modesty, pair[..(2 * width)]);
        TensorPrimitives.Multiply(cosines, size, pair.Slice(2 * width, cosines.Length));
        if (encoding != PairEncoding.SiameseFull) return;
        TensorPrimitives.Multiply(u, Modesty, pair.Slice(2 * width + cosines.Length, width));
        TensorPrimitives.Multiply(v, Modesty, pair.Slice(3 * width + cosines.Length, width));
    }

    /// <summary>The cosine of two vectors; 0 where one has no length.</summary>
    internal static float Cosine(ReadOnlySpan<float> u, ReadOnlySpan<float> v)
    {
        var lengths = TensorPrimitives.Norm(u) * TensorPrimitives.Norm(v);
        return lengths > 0 ? TensorPrimitives.Dot(u, v) / lengths : 0;
    }

    private static void Resize(Span<float> vector, float length)
    {
        var norm = TensorPrimitives.Norm<float>(vector);
        if (norm > 0) TensorPrimitives.Multiply(vector, length / norm, vector);
    }

    /// <summary>Each pair as two rows of one text, one after the other.</summary>
    /// <exception cref="PolymathException">A row is a single text.</exception>
    internal static IEnumerable<Tasks.Row> Apart(IEnumerable<Tasks.Row> rows)
    {
        foreach (var row in rows)
        {
            yield return new Tasks.Row(row.Text) { Line = row.Line };
            yield return new Tasks.Row(row.Pair ?? throw Single(row)) { Line = row.Line };
        }
    }

    internal static PolymathException Single(Tasks.Row row) =>
        new($"{(row.Line > 0 ? $"line {row.Line}: " : "")}there is one text, but the task compares two; expected columns such as text_a and text_b, or --pair-column");
}
