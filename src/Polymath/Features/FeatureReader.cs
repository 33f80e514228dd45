using Polymath.Tasks;

namespace Polymath.Features;

/// <summary>rows → feature vectors under one recipe, window by window: for single texts, and for pairs read together or apart.</summary>
internal static class FeatureReader
{
    private const int PairWindow = 1024; // two texts each fill one window of the extractor

    /// <summary>Reads rows lazily and in order.</summary>
    /// <param name="extractor">Computes the layers of the recipe's pooling.</param>
    /// <param name="backbone">The network that the layers come from.</param>
    /// <param name="recipe">How layers, and two texts, become one vector.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="total">Their number where known, for progress.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static IEnumerable<(Row[] Rows, FeatureMatrix X)> Read(FeatureExtractor extractor, Backbone backbone, FeatureRecipe recipe, IEnumerable<Row> rows, long? total = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (recipe.Pairs == PairEncoding.Joint)
        {
            foreach (var block in extractor.Extract(rows, total, progress, cancellation)) yield return (block.Rows, recipe.Apply(backbone, block));
            yield break;
        }
        foreach (var window in rows.Chunk(PairWindow))
            foreach (var block in extractor.Extract(PairEncodings.Apart(window), 2 * total, progress, cancellation)) yield return (window, recipe.Apply(backbone, block));
    }
}
