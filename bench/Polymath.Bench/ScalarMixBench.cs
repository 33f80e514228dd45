using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>A learned mix of layers against the last layer: test accuracy with frozen all-MiniLM-L6-v2, mean pooling, the same head.</summary>
internal static class ScalarMixBench
{
    public static int Run(string[] args)
    {
        var sets = Timing.Option(args, "--data", "trec,cr,subj").Split(',');
        Timing.Announce($"scalar-mix: frozen all-MiniLM-L6-v2, {string.Join(", ", sets)}; seed 0");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        using var store = FeatureStore.Open(Timing.Option(args, "--store", Path.Combine(CacheFolder.Default, "features.db")));
        double[] sums = [0, 0];
        Console.WriteLine($"{"data",-10}{"last layer",12}{"scalar mix",12}   {"difference",-24}{"seconds",8}   share of layers 0 (embeddings) to {backbone.Config.Layers}, scale");
        foreach (var set in sets)
        {
            var train = Sentences.Of(set, "train");
            LearnedTask Learn(LayerMix layers) => FeatureExtraction.ExtractFeatures(backbone, set, train, new FeatureExtractionOptions { Layers = layers, Pooling = Pooling.Mean, Store = store });
            LearnedTask last = Learn(LayerMix.Last), mixed = last;
            var seconds = Timing.Seconds(() => mixed = Learn(LayerMix.ScalarMix));
            var test = last.Number(Sentences.Of(set, "test"));
            var d = PairedBootstrap.Compare(Metric.Accuracy, mixed.Evaluate(test), last.Evaluate(test));
            sums[0] += d.B;
            sums[1] += d.A;
            var fit = mixed.ScalarMix!;
            Console.WriteLine($"{set,-10}{d.B,12:P2}{d.A,12:P2}   {$"{100 * d.Difference:+0.00;-0.00} [{100 * d.Low:+0.00;-0.00}, {100 * d.High:+0.00;-0.00}]",-24}{seconds,8:F1}   {string.Join(' ', fit.Shares.Select(s => $"{s:F2}"))}, {fit.Scale:F2} ({fit.Epochs} epochs)");
        }
        Console.WriteLine($"{"mean",-10}{sums[0] / sets.Length,12:P2}{sums[1] / sets.Length,12:P2}");
        return 0;
    }
}
