using System.Globalization;
using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Some rows of each class, several draws: contrastive fine-tuning beside logistic regression on the frozen last layer. Test rows measure;
/// with <c>--on rest</c> training rows that were not drawn do, for choosing defaults.
/// </summary>
internal static class FewShotBench
{
    public static int Run(string[] args)
    {
        double Value(string name, double otherwise) => double.Parse(Timing.Option(args, name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
        int perClass = Timing.Number(args, "--per-class", 8), seeds = Timing.Number(args, "--seeds", 10);
        var rest = Timing.Option(args, "--on", "test") == "rest";
        var options = new ContrastiveOptions
        {
            LearningRate = Value("--lr", new ContrastiveOptions().LearningRate),
            PairsPerRow = Timing.Number(args, "--pairs", new ContrastiveOptions().PairsPerRow),
            BatchPairs = Timing.Number(args, "--batch", new ContrastiveOptions().BatchPairs),
        };
        var model = Timing.Option(args, "--model", Timing.Shared("models", "all-MiniLM-L6-v2"));
        Timing.Announce($"few-shot: {perClass} rows of each class, {seeds} draws, measured on {(rest ? "other training rows" : "the test rows")}; {options}");
        using var backbone = Backbone.Load(model);
        foreach (var set in Timing.Option(args, "--data", "cr").Split(','))
        {
            var (train, test) = (LabelledRows.From(Sentences.Of(set, "train")), LabelledRows.From(Sentences.Of(set, "test")));
            var frozen = new List<double>();
            var tuned = new List<double>();
            for (var seed = 0; seed < seeds; seed++)
            {
                var drawn = Draw(train, perClass, seed);
                var measured = rest ? train.Take([.. Enumerable.Range(0, train.Rows.Count).Except(drawn).Take(1000)]) : test;
                var few = train.Take(drawn);
                using var probe = FeatureExtraction.ExtractFeatures(backbone, "probe", few, new FeatureExtractionOptions { Layers = LayerMix.Last, Seed = seed });
                using var task = backbone.TrainContrastively("contrastive", few, options with { Seed = seed });
                frozen.Add(100 * Metric.Accuracy.Compute(probe.Measure(measured)));
                tuned.Add(100 * Metric.Accuracy.Compute(task.Measure(measured)));
                Console.WriteLine($"{set} draw {seed}: frozen {frozen[^1]:F1}, contrastive {tuned[^1]:F1}");
            }
            double[] gains = [.. tuned.Zip(frozen, (a, b) => a - b)];
            Console.WriteLine($"{set}: frozen {frozen.Average():F2} ± {Spread(frozen):F2}, contrastive {tuned.Average():F2} ± {Spread(tuned):F2}, gain {gains.Average():F2} (standard error {Spread(gains) / Math.Sqrt(seeds):F2})");
        }
        return 0;
    }

    /// <summary>Rows of each class, drawn by seed.</summary>
    public static int[] Draw(LabelledRows rows, int perClass, int seed)
    {
        int[] order = [.. Enumerable.Range(0, rows.Rows.Count)];
        new SeededRandom((ulong)seed).Shuffle<int>(order);
        return [.. order.GroupBy(row => rows.Labels[row]).SelectMany(group => group.Take(perClass)).Order()];
    }

    private static double Spread(IReadOnlyCollection<double> values) =>
        values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - values.Average()) * (value - values.Average())) / (values.Count - 1));
}
