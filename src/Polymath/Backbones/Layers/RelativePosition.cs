using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Layers;

/// <summary>
/// T5's buckets of relative positions (Raffel et al. 2020; transformers' <c>relative_position_bucket</c>): near distances one by one, far ones in
/// logarithmic steps up to a farthest. An encoder has half of the buckets for keys after the query; a decoder sees none of those.
/// </summary>
internal static class RelativePosition
{
    private const int Farthest = 128;

    /// <summary>Buckets of (query, key) for a row of a length, both directions, row-major [length · length].</summary>
    public static long[] Buckets(int length, int buckets)
    {
        var result = new long[length * length];
        for (var query = 0; query < length; query++)
            for (var key = 0; key < length; key++) result[query * length + key] = Bucket(key - query, buckets, Farthest, bidirectional: true);
        return result;
    }

    /// <summary>Buckets of distances (key position minus query position), int64 of any shape.</summary>
    public static Tensor Buckets(Tensor distances, int buckets, int farthest, bool bidirectional)
    {
        long[] offsets = distances.contiguous().data<long>().ToArray();
        return tensor(Array.ConvertAll(offsets, offset => Bucket(offset, buckets, farthest, bidirectional))).view(distances.shape);
    }

    private static long Bucket(long offset, int buckets, int farthest, bool bidirectional)
    {
        var half = bidirectional ? buckets / 2 : buckets;
        long side = bidirectional && offset > 0 ? half : 0, distance = bidirectional ? Math.Abs(offset) : Math.Max(-offset, 0), exact = half / 2;
        if (distance < exact) return side + distance;
        var far = exact + (long)(MathF.Log((float)distance / exact) / MathF.Log((float)farthest / exact) * (half - exact));
        return side + Math.Min(far, half - 1);
    }
}
