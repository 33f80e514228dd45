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
    // T5 knows distances only and must find out positions by itself, which takes it longer than the others.
    private static readonly (string Family, int Width, int Steps, double Rate)[] _defaults = [("gpt2", 64, 200, 3e-3), ("bart", 64, 200, 3e-3), ("t5", 32, 1000, 8e-3)];

    public static int Run(string[] args)
    {
        int batch = Timing.Number(args, "--batch", 32), symbols = Timing.Number(args, "--symbols", 10), layers = Timing.Number(args, "--layers", 2), seeds = Timing.Number(args, "--seeds", 1);
        Timing.Announce($"reverse: 8 tokens of {symbols}, {batch} rows a step, {layers} blocks in each half, every row new, 1,000 held-out rows");
        var held = LabelledRows.OfKind(SmallWriters.Rows(1000, 77, symbols: symbols), TaskKind.Generate);
        using var folder = new TemporaryFolder();
        var wanted = Timing.Option(args, "--families", "gpt2,bart,t5").Split(',');
        foreach (var (family, width, steps, rate) in _defaults.Where(one => wanted.Contains(one.Family)).Select(one => (one.Family, Timing.Number(args, "--width", one.Width), Timing.Number(args, "--steps", one.Steps),
            double.Parse(Timing.Option(args, "--lr", one.Rate.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture))))
            for (var seed = 1; seed <= seeds; seed++)
            {
                using var model = LanguageModel.Load(SmallWriters.Write(folder[$"{family}{seed}"], family, (ulong)seed, width, layers, symbols));
                TextToTextTask? task = null;
                var training = new FineTuningOptions { Dropout = 0, LearningRate = rate, Epochs = 1, BatchRows = batch, Schedule = ScheduleShape.Cosine, WarmUp = 0.05, Seed = seed };
                var seconds = Timing.Seconds(() => task = model.FineTune("reverse", SmallWriters.Rows(batch * steps, (ulong)seed, symbols: symbols), new TextToTextOptions { Separator = SmallWriters.Separator, Training = training }));
                TextOutcomes? outcomes = null;
                var measuring = Timing.Seconds(() => outcomes = task!.Measure(held));
                Console.WriteLine($"{family,-5} {width} wide, rate {rate}, seed {seed}: {steps} steps in {seconds:F1} s, measured in {measuring:F1} s: {string.Join(", ", TaskMetrics.Shown(TaskKind.Generate).Select(metric => $"{metric.Name()} {metric.Compute(outcomes!):F4}"))}   load {Timing.Load()}");
                task!.Dispose();
            }
        return 0;
    }
}
