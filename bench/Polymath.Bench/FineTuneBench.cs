using System.Diagnostics;
using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Accuracy of fine-tuning on the data sets of the shared folder, several seeds: on the test file, or, with --held-out, on a fifth of the training
/// rows that each seed holds out, which is where options are compared.
/// </summary>
internal static class FineTuneBench
{
    public static int Run(string[] args)
    {
        double Value(string name, double otherwise) => double.Parse(Timing.Option(args, name, $"{otherwise}"), System.Globalization.CultureInfo.InvariantCulture);
        var epochs = Timing.Number(args, "--epochs", 0);
        var learning = new FineTuningOptions
        {
            LearningRate = Value("--lr", 1e-4),
            Epochs = epochs > 0 ? epochs : null,
            LayerDecay = Value("--layer-decay", 1),
            WeightDecay = Value("--weight-decay", 0.01),
            Dropout = Value("--dropout", new FineTuningOptions().Dropout),
            LabelSmoothing = Value("--smoothing", 0),
            WarmUp = Value("--warm-up", 0.1),
            BatchRows = Timing.Number(args, "--batch", 32),
            HeadFirst = Value("--head-first", 1) > 0,
        };
        Timing.Announce($"fine-tuning all-MiniLM-L6-v2: {learning}");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        foreach (var data in Timing.Option(args, "--data", "trec,cr,subj").Split(','))
        {
            var (all, file) = (Sentences.Of(data, "train"), Sentences.Of(data, "test"));
            var scores = new List<double>();
            for (var seed = 0; seed < Timing.Number(args, "--seeds", 1); seed++)
            {
                var (train, test) = args.Contains("--held-out") ? Divide(all, seed) : (all, file);
                var start = Stopwatch.GetTimestamp();
                using var task = backbone.FineTune(data, train, learning with { Seed = seed });
                var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                scores.Add(100 * Metric.Accuracy.Compute(task.Evaluate(task.Number(test))));
                Console.WriteLine($"{data} seed {seed}: {scores[^1]:F2} ({task.Artifact.Training!.Options["epochs"]} epochs, {task.Artifact.Training.Options["steps"]} steps, {seconds:F0} s)");
            }
            var mean = scores.Average();
            Console.WriteLine($"{data}: mean {mean:F2} ± {(scores.Count > 1 ? Math.Sqrt(scores.Sum(s => (s - mean) * (s - mean)) / (scores.Count - 1)) : 0):F2} of {scores.Count} seeds");
        }
        return 0;
    }

    private static (List<Row> Train, List<Row> Test) Divide(List<Row> rows, int seed)
    {
        var (train, test) = LabelledRows.From(rows).Split(0.2, seed);
        return ([.. train.Select(r => rows[r])], [.. test.Select(r => rows[r])]);
    }
}
