using System.Globalization;
using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Tasks;
using Polymath.Tests;
using Polymath.Training;

namespace Polymath.Bench;

/// <summary>Small networks that write learn from random weights to reverse their input: the whole way of a text-to-text task.</summary>
internal static class ReverseBench
{
    public static int Run(string[] args)
    {
        int rows = Timing.Number(args, "--rows", 20_000), epochs = Timing.Number(args, "--epochs", 3), batch = Timing.Number(args, "--batch", 64), symbols = Timing.Number(args, "--symbols", 10);
        int width = Timing.Number(args, "--width", 64), layers = Timing.Number(args, "--layers", 2), seed = Timing.Number(args, "--seed", 1);
        var rate = double.Parse(Timing.Option(args, "--lr", "2e-3"), CultureInfo.InvariantCulture);
        Timing.Announce($"reverse: 8 tokens of {symbols}, {rows:N0} rows, {epochs} epochs of {batch} rows a step, learning rate {rate}, width {width}, {layers} blocks");
        var held = LabelledRows.OfKind(SmallWriters.Rows(1000, 77, symbols: symbols), TaskKind.Generate);
        using var folder = new TemporaryFolder();
        foreach (var family in Timing.Option(args, "--families", "gpt2,t5,bart").Split(','))
        {
            using var model = LanguageModel.Load(SmallWriters.Write(folder[family], family, (ulong)seed, width, layers, symbols));
            TextToTextTask? task = null;
            var options = new TextToTextOptions
            {
                Separator = SmallWriters.Separator,
                Training = new FineTuningOptions { LearningRate = rate, Epochs = epochs, BatchRows = batch, Schedule = ScheduleShape.Cosine, WarmUp = 0.05, Seed = seed, ValidationShare = args.Contains("--curve") ? 0.01 : 0 },
            };
            var seconds = Timing.Seconds(() => task = model.FineTune("reverse", SmallWriters.Rows(rows, 1, symbols: symbols), options));
            TextOutcomes? outcomes = null;
            var measuring = Timing.Seconds(() => outcomes = task!.Measure(held));
            Console.WriteLine($"{family,-5} {task!.Artifact.Training!.Options["steps"],6} steps {seconds,6:F1} s   1,000 held-out rows in {measuring:F1} s: {string.Join(", ", TaskMetrics.Shown(TaskKind.Generate).Select(metric => $"{metric.Name()} {metric.Compute(outcomes!):F4}"))}   load {Timing.Load()}");
            if (task.Artifact.Training.Options.TryGetValue("validation_perplexity", out var curve)) Console.WriteLine($"      perplexity of each epoch: {curve}");
            task.Dispose();
        }
        return 0;
    }
}
