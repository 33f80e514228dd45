using Polymath.Backbones;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>A mix of layers that was learned before the head, and what the backbone had to do for it.</summary>
internal sealed record LearnedMix(Pooling Pooling, ScalarMixFit Fit, FeatureReport Report)
{
    /// <summary>Learns the mix from all rows, or from a stratified sample where the layers of all rows would take too much memory.</summary>
    public static LearnedMix Learn(Backbone backbone, LabelledRows data, FeatureExtractionOptions options, FeatureStore store,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (data.Kind != TaskKind.Classification) throw new PolymathException($"layers 'scalar-mix' are learned from classes, not for a {data.Kind.Name()} task; expected last, layer3, top2, concat2 or mix: with a weight for each layer");
        if (data.Pairs && options.Pairs is not (null or PairEncoding.Joint)) throw new PolymathException($"layers 'scalar-mix' are learned from pairs in one sequence; expected --pairs joint");
        var pooling = options.Pooling ?? backbone.Sentence.Pooling;
        var extractor = new FeatureExtractor(backbone, options.FeatureOptions([pooling], store));
        var rowBytes = (long)(backbone.Config.Layers + 1) * backbone.Config.Width * sizeof(float);
        var most = Math.Max(options.MaxFeatureBytes / rowBytes, 2L * data.Classes);
        int[] sample = data.Rows.Count <= most ? [.. Enumerable.Range(0, data.Rows.Count)] : Splits.Stratified(data.Labels, (double)most / data.Rows.Count, options.Seed).Test;
        var values = new List<float>();
        int stride = 0, seen = 0, next = 0;
        foreach (var block in extractor.Extract(data.Rows, data.Rows.Count, progress, cancellation))
        {
            stride = block.Stride;
            for (; next < sample.Length && sample[next] < seen + block.Rows.Length; next++)
                values.AddRange(block.Values[pooling].AsSpan((sample[next] - seen) * stride, stride));
            seen += block.Rows.Length;
        }
        var fit = ScalarMix.Fit(new FeatureMatrix([.. values], sample.Length, stride), backbone.Config.Width, [.. sample.Select(row => data.Labels[row])], data.Classes,
            new ScalarMixOptions { Seed = options.Seed }, new Relay<double>(share => progress?.Report(new WorkProgress("learning the layer mix", (long)(share * 100), 100))), cancellation);
        return new LearnedMix(pooling, fit, extractor.Report);
    }
}
