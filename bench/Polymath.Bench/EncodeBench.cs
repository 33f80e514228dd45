using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Mixed real sentences through all-MiniLM-L6-v2: this library against ONNX Runtime, each in a process of its own, turn by turn, median of the
/// rounds. The engines float32, bf16 and ort get the same token ids, sorted by length, and give last hidden states; ONNX Runtime gets its best
/// batch size. The engines features and features-bf16 are what a user gets: text in, mean-pooled vectors of all layers out, tokenization included.
/// </summary>
internal static class EncodeBench
{
    public static int Run(string[] args)
    {
        int rows = Timing.Number(args, "--rows", 20_000), rounds = Timing.Number(args, "--rounds", 5);
        Timing.Announce($"encode: {rows} mixed sentences of {string.Join(", ", Sentences.Sets)} through all-MiniLM-L6-v2, medians of {rounds} rounds");
        using var folder = new TemporaryFolder();
        EncodeEngines.WriteIds(folder["ids"], rows);
        string[] engines = [.. Timing.Option(args, "--ort-batches", "8,16,32,64").Split(',').Select(batch => $"ort {batch}"), .. Timing.Option(args, "--engines", "float32,bf16,features").Split(',')];
        var runs = engines.ToDictionary(engine => engine, _ => new List<Dictionary<string, double>>());
        for (var round = 0; round < rounds; round++)
            foreach (var engine in engines)
            {
                var run = Child(engine, folder["ids"], args);
                runs[engine].Add(run);
                Console.WriteLine($"round {round + 1}  {engine,-13} {rows / run["seconds"],7:F1} rows/s   load {Timing.Load()}");
            }
        double Median(string engine, string what) => Timing.Median(runs[engine].Select(run => run[what]));
        bool IsOrt(string engine) => engine.StartsWith("ort", StringComparison.Ordinal);
        var best = engines.Where(IsOrt).MinBy(engine => Median(engine, "seconds"))!;
        Console.WriteLine($"ONNX Runtime at its best ({best}): {rows / Median(best, "seconds"):F1} rows/s");
        foreach (var engine in engines.Where(engine => !IsOrt(engine)))
        {
            Console.WriteLine($"{engine}: {rows / Median(engine, "seconds"):F1} rows/s, {Median(best, "seconds") / Median(engine, "seconds"):F2}× ONNX Runtime"
                + (engine.StartsWith("features", StringComparison.Ordinal) ? " (tokenization and pooling of all layers included, which ONNX Runtime is spared)" : ""));
            if (!runs[engine][0].ContainsKey("peak")) continue;
            Console.WriteLine($"  linear layers by themselves, batches as in the pass: {Median(engine, "linear"):F0} GFLOP/s, {Timing.Median(runs[engine].Select(run => run["linear"] / run["peak"])):P0} of F.linear's {Median(engine, "peak"):F0} (2,048 rows, same process)");
            Console.WriteLine($"  linear layers' operations over the whole pass' time (attention, norms, embeddings included): {Median(engine, "whole"):F0} GFLOP/s, {Timing.Median(runs[engine].Select(run => run["whole"] / run["peak"])):P0}");
        }
        return 0;
    }

    /// <summary>One engine, called by <see cref="Run"/> in a process of its own; prints names and numbers.</summary>
    public static int RunOne(string[] args)
    {
        var engine = Timing.Option(args, "--engine", "float32");
        var precision = engine.EndsWith("bf16", StringComparison.Ordinal) ? Precision.BFloat16 : Precision.Float32;
        if (engine != "ort") ThreadSettings.SetDedicated(!args.Contains("--passive"));
        var measured = engine.Split('-')[0] switch
        {
            "ort" => EncodeEngines.Ort(EncodeEngines.ReadIds(Timing.Option(args, "--ids", "")), Timing.Number(args, "--batch", 32)),
            "features" => Features(precision, [.. Sentences.Mixed(Timing.Number(args, "--rows", 20_000))]),
            _ => EncodeEngines.Own(EncodeEngines.ReadIds(Timing.Option(args, "--ids", "")), precision, Timing.Number(args, "--budget", 2048)),
        };
        foreach (var (name, value) in measured) Console.WriteLine($"{name} {value:R}");
        return 0;
    }

    private static Dictionary<string, double> Features(Precision precision, Row[] rows)
    {
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"), new BackboneOptions { Precision = precision });
        void Pass(Row[] some)
        {
            foreach (var _ in new FeatureExtractor(backbone, new FeatureOptions()).Extract(some)) { }
        }
        Pass(rows[..Math.Min(500, rows.Length)]);
        return new() { ["seconds"] = Timing.Seconds(() => Pass(rows)) };
    }

    private static Dictionary<string, double> Child(string engine, string ids, string[] args)
    {
        var words = engine.Split(' ');
        using var process = Timing.Start(["encode-one", "--ids", ids, "--engine", words[0], .. words.Length > 1 ? new[] { "--batch", words[1] } : [], .. args]);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new PolymathException($"the engine {engine} ended with exit code {process.ExitCode}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => double.Parse(parts[1]));
    }
}
