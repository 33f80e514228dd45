using System.Numerics.Tensors;
using System.Text.Json;

namespace Polymath.Features;

/// <summary>How two texts become one feature vector.</summary>
public enum PairEncoding
{
    /// <summary>Both texts in one sequence, as the family writes pairs; the network relates them, if it has learned to.</summary>
    Joint,
    /// <summary>Each text by itself; products u·v and differences |u − v| of their vectors, and their cosine.</summary>
    Siamese,
    /// <summary>As <see cref="Siamese"/>, with the vectors u and v themselves as well (Conneau et al. 2017).</summary>
    SiameseFull,
}

/// <summary>Names of <see cref="PairEncoding"/>, and the vectors it makes of two.</summary>
public static class PairEncodings
{
    /// <summary>The name used on the command line and in files: joint, siamese, siamese-full.</summary>
    public static string Name(this PairEncoding encoding) => JsonNamingPolicy.KebabCaseLower.ConvertName(encoding.ToString());

    /// <summary>The encoding of a name.</summary>
    /// <exception cref="PolymathException">There is no encoding of that name.</exception>
    public static PairEncoding Parse(string name) => Enum.GetValues<PairEncoding>().Cast<PairEncoding?>().FirstOrDefault(encoding => encoding!.Value.Name() == name)
        ?? throw new PolymathException($"pair encoding '{OneLine.Short(name)}' is not known; expected one of {string.Join(", ", Enum.GetValues<PairEncoding>().Select(encoding => encoding.Name()))}");

    /// <summary>The width of what is made of two vectors.</summary>
    internal static int Width(this PairEncoding encoding, int width) => encoding switch { PairEncoding.Siamese => 2 * width + 1, PairEncoding.SiameseFull => 4 * width + 1, _ => width };

    /// <summary>
    /// Makes one vector of two. Both are first brought to length √width, so that products and differences have the same size whatever the network;
    /// the cosine is given the weight that the products have together.
    /// </summary>
    /// <param name="encoding">Not <see cref="PairEncoding.Joint"/>.</param>
    /// <param name="u">The first text's vector; changed.</param>
    /// <param name="v">The second text's vector; changed.</param>
    /// <param name="pair">Receives u·v, |u − v|, cosine · √width, and for the full encoding u and v.</param>
    internal static void Join(PairEncoding encoding, Span<float> u, Span<float> v, Span<float> pair)
    {
        var width = u.Length;
        var size = MathF.Sqrt(width);
        Resize(u, size);
        Resize(v, size);
        Span<float> products = pair[..width], differences = pair.Slice(width, width);
        TensorPrimitives.Multiply(u, v, products);
        TensorPrimitives.Subtract(u, v, differences);
        TensorPrimitives.Abs(differences, differences);
        pair[2 * width] = TensorPrimitives.Sum<float>(products) / size;
        if (encoding != PairEncoding.SiameseFull) return;
        u.CopyTo(pair[(2 * width + 1)..]);
        v.CopyTo(pair[(3 * width + 1)..]);
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
