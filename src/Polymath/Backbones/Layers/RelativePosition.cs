namespace Polymath.Backbones.Layers;

/// <summary>
/// T5's buckets of relative positions (Raffel et al. 2020; transformers' <c>relative_position_bucket</c>), both directions: half of the buckets
/// for keys after the query; near distances one by one, far ones in logarithmic steps up to 128.
/// </summary>
internal static class RelativePosition
{
    private const int MaxDistance = 128;

    /// <summary>Bucket of (query, key) for a row of a length, row-major [length · length].</summary>
    public static long[] Buckets(int length, int buckets)
    {
        var result = new long[length * length];
        for (var query = 0; query < length; query++)
            for (var key = 0; key < length; key++) result[query * length + key] = Bucket(key - query, buckets);
        return result;
    }

    private static long Bucket(int offset, int buckets)
    {
        var half = buckets / 2;
        long side = offset > 0 ? half : 0;
        int distance = Math.Abs(offset), exact = half / 2;
        if (distance < exact) return side + distance;
        var far = exact + (int)(MathF.Log((float)distance / exact) / MathF.Log((float)MaxDistance / exact) * (half - exact));
        return side + Math.Min(far, half - 1);
    }
}
