using System.Numerics.Tensors;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>Vectors of length one by which rows are compared: an encoder's sentence vectors.</summary>
internal static class UnitFeatures
{
    /// <summary>The vectors of rows, [rows, width].</summary>
    /// <param name="encoder">A frozen encoder.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="store">Where features are kept, or null.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static FeatureMatrix Of(Backbone encoder, IReadOnlyList<Row> rows, FeatureStore? store, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var recipe = FeatureRecipe.SentenceOf(encoder);
        var width = recipe.Width(encoder);
        var values = new float[checked(rows.Count * width)];
        var extractor = new FeatureExtractor(encoder, new FeatureOptions { Poolings = recipe.Poolings, Store = store, LastLayerOnly = store is null });
        var at = 0;
        foreach (var (_, x) in FeatureReader.Read(extractor, encoder, recipe, rows, rows.Count, progress, cancellation))
            for (var r = 0; r < x.Rows; r++, at += width)
                TensorPrimitives.Divide(x.Row(r), Math.Max(TensorPrimitives.Norm(x.Row(r)), 1e-12f), values.AsSpan(at, width));
        return new FeatureMatrix(values, rows.Count, width);
    }
}
