using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>
/// Last hidden states of mixed real sentences through all-MiniLM-L6-v2: this library against ONNX Runtime on the same ids, each in a process of
/// its own, turn by turn, median of the rounds. Both sort by length; ONNX Runtime gets its best batch size.
/// </summary>
internal static class EncodeBench
{
    public static int Run(string[] args)
    {
        int rows = int.Parse(Timing.Option(args, "--rows", "20000")), rounds = int.Parse(Timing.Option(args, "--rounds", "5"));
        var ids = Path.GetTempFileName();
        try
        {
            WriteIds(ids, rows);
            var batches = Timing.Option(args, "--ort-batches", "8,16,32,64").Split(',');
            string[] engines = [.. batches.Select(b => $"ort {b}"), .. Timing.Option(args, "--engines", "float32,bf16").Split(',')];
            var times = engines.ToDictionary(engine => engine, _ => new List<double>());
            for (var round = 0; round < rounds; round++)
                foreach (var engine in engines)
                {
                    times[engine].Add(Child(engine, ids, args));
                    Console.WriteLine($"round {round + 1}  {engine,-8} {rows / times[engine][^1],7:F1} rows/s   load {Timing.Load()}");
                }
            var best = engines.Where(e => e.StartsWith("ort", StringComparison.Ordinal)).MinBy(e => Timing.Median(times[e]))!;
            Console.WriteLine($"ONNX Runtime at its best ({best}): {rows / Timing.Median(times[best]):F1} rows/s");
            foreach (var engine in engines.Where(e => !e.StartsWith("ort", StringComparison.Ordinal)))
                Console.WriteLine($"{engine}: {rows / Timing.Median(times[engine]):F1} rows/s, {Timing.Median(times[best]) / Timing.Median(times[engine]):F2}× ONNX Runtime (medians of {rounds})");
        }
        finally { File.Delete(ids); }
        return 0;
    }

    public static int RunOne(string[] args)
    {
        var rows = ReadIds(Timing.Option(args, "--ids", ""));
        var seconds = Timing.Option(args, "--engine", "float32") switch
        {
            "ort" => Ort(rows, int.Parse(Timing.Option(args, "--batch", "32"))),
            var precision => Own(rows, precision == "bf16" ? Precision.BFloat16 : Precision.Float32, int.Parse(Timing.Option(args, "--budget", "2048")), args),
        };
        Console.WriteLine($"seconds {seconds:R}");
        return 0;
    }

    private static double Own(int[][] rows, Precision precision, int budget, string[] args)
    {
        ThreadSettings.SetDedicated(!args.Contains("--passive"));
        var folder = Timing.Shared("models", "all-MiniLM-L6-v2");
        using var checkpoint = Checkpoint.Open(folder);
        using var network = Families.Load(EncoderConfig.Read(Path.Combine(folder, "config.json")), checkpoint, Precisions.TensorType(precision), trainable: false, withHead: false);
        void Pass(int[][] some)
        {
            using var noGrad = no_grad();
            for (var start = 0; start < some.Length;)
            {
                var end = start;
                for (var tokens = 0; end < some.Length && (end == start || tokens + some[end].Length <= budget); end++) tokens += some[end].Length;
                using var scope = NewDisposeScope();
                using var batch = PackedBatch.Create(some[start..end]);
                _ = network.Last(batch);
                start = end;
            }
        }
        Pass(rows[..Math.Min(500, rows.Length)]);
        return Timing.Seconds(() => Pass(rows));
    }

    private static double Ort(int[][] rows, int batch)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 2, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        using var session = new InferenceSession(Timing.Shared("models", "all-MiniLM-L6-v2", "model.onnx"), options);
        using var run = new RunOptions();
        void Pass(int[][] some)
        {
            for (var start = 0; start < some.Length; start += batch)
            {
                var part = some[start..Math.Min(start + batch, some.Length)];
                var length = part.Max(row => row.Length);
                long[] ids = new long[part.Length * length], mask = new long[ids.Length], types = new long[ids.Length], shape = [part.Length, length];
                for (var r = 0; r < part.Length; r++)
                    for (var t = 0; t < part[r].Length; t++) (ids[r * length + t], mask[r * length + t]) = (part[r][t], 1);
                using OrtValue a = OrtValue.CreateTensorValueFromMemory(ids, shape), b = OrtValue.CreateTensorValueFromMemory(mask, shape), c = OrtValue.CreateTensorValueFromMemory(types, shape);
                using var outputs = session.Run(run, ["input_ids", "attention_mask", "token_type_ids"], [a, b, c], session.OutputNames);
            }
        }
        Pass(rows[..Math.Min(500, rows.Length)]);
        return Timing.Seconds(() => Pass(rows));
    }

    private static double Child(string engine, string ids, string[] args)
    {
        var words = engine.Split(' ');
        string[] call = ["encode-one", "--ids", ids, "--engine", words[0], .. words.Length > 1 ? new[] { "--batch", words[1] } : [], .. args];
        var info = new ProcessStartInfo(Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(EncodeBench).Assembly.Location, .. call] : call)
        { RedirectStandardOutput = true };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.Parse(output.Split('\n').First(line => line.StartsWith("seconds ", StringComparison.Ordinal))[8..]);
    }

    /// <summary>Sentences of all data sets in turn, tokenized and sorted by length.</summary>
    private static void WriteIds(string path, int rows)
    {
        var random = new Random(1);
        int[][] sentences = [.. new[] { "trec", "subj", "cr", "clinc150" }
            .SelectMany(set => File.ReadLines(Timing.Shared("data", set, "train.csv")).Skip(1))
            .Select(line => line.Split(' ').Length * 13 / 10 + 2)
            .Select(length => Enumerable.Range(0, length).Select(_ => random.Next(1000, 30000)).ToArray())];
        random.Shuffle(sentences);
        using var writer = new BinaryWriter(File.Create(path));
        var chosen = Enumerable.Range(0, rows).Select(i => sentences[i % sentences.Length]).OrderBy(row => row.Length).ToArray();
        writer.Write(chosen.Length);
        foreach (var row in chosen)
        {
            writer.Write(row.Length);
            writer.Write(MemoryMarshal.AsBytes<int>(row));
        }
    }

    private static int[][] ReadIds(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        return [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt32()).ToArray())];
    }
}
