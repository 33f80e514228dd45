using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using TorchSharp;

namespace Polymath.Bench;

/// <summary>
/// Memory of a long stream of rows: resident memory half-way and at the end, after a collection, and live tensors. With --short, rows of
/// three to six words go the way of the command <c>features</c> into a .npy file; the peak is what counts, and at 1.5 GiB the exit code is 1.
/// With --training, the steps of a fine-tuning.
/// </summary>
internal static class MemoryBench
{
    private const double Gibibyte = 1L << 30;

    public static int Run(string[] args)
    {
        if (args.Contains("--training")) return Training();
        var isShort = args.Contains("--short");
        var rows = Timing.Number(args, "--rows", isShort ? 1_000_000 : 50_000);
        using var folder = new TemporaryFolder();
        var model = args.Contains("--tiny") ? TinyModel.Write(folder["tiny"]) : Timing.Option(args, "--model", "");
        if (model.Length == 0) model = Timing.Shared("models", "all-MiniLM-L6-v2");
        using var backbone = Backbone.Load(model);
        Timing.Announce($"memory: {rows} {(isShort ? "rows of 3 to 6 words to a .npy file" : "mixed sentences, all layers, no store")} through {backbone.Name} ({backbone.Config.Layers} layers, {backbone.Config.Width} wide)");
        var seconds = Timing.Seconds(() =>
        {
            if (isShort) ToFile(backbone, rows, folder["vectors.npy"]);
            else Watch(new FeatureExtractor(backbone, new FeatureOptions()).Extract(Sentences.Mixed(rows)), rows, collect: true, _ => { });
        });
        var peak = Status("VmHWM") / Gibibyte;
        Console.WriteLine($"peak resident memory {peak:F2} GiB; {rows / seconds:F0} rows/s   load {Timing.Load()}");
        return !isShort || peak < 1.5 ? 0 : 1;
    }

    /// <summary>A fine-tuning of more than 2,000 steps: tensors that are alive and resident memory along the way.</summary>
    private static int Training()
    {
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        Timing.Announce("memory: fine-tuning all-MiniLM-L6-v2 on TREC, 8 rows a step, 3 epochs");
        var counts = new List<long>();
        var progress = new Relay<WorkProgress>(at =>
        {
            if (at.Done == 0 || at.Done % 400 != 0 || at.Total is not > 2000) return;
            counts.Add(torch.Tensor.TotalCount);
            Console.WriteLine($"step {at.Done} of {at.Total}: {counts[^1]} live tensors, resident {Status("VmRSS") / Gibibyte:F2} GiB   load {Timing.Load()}");
        });
        using (FineTuning.FineTune(backbone, "trec", LabelledRows.From(Sentences.Of("trec", "train")), new FineTuningOptions { BatchRows = 8, Epochs = 3 }, progress: progress)) { }
        Console.WriteLine($"peak resident memory {Status("VmHWM") / Gibibyte:F2} GiB; live tensors {(counts.Distinct().Count() == 1 ? "flat" : $"between {counts.Min()} and {counts.Max()}")}");
        return counts.Count > 3 && counts.Distinct().Count() == 1 ? 0 : 1;
    }

    private static void ToFile(Backbone backbone, int rows, string path)
    {
        var recipe = FeatureRecipe.SentenceOf(backbone);
        var extractor = new FeatureExtractor(backbone, new FeatureOptions { Poolings = [recipe.Pooling], LastLayerOnly = true });
        using var writer = VectorWriter.Create(path, recipe.Width(backbone));
        Watch(extractor.Extract(ShortRows(rows)), rows, collect: false, block => writer.Write(block.Rows, recipe.Apply(backbone, block)));
        writer.Finish();
        Console.WriteLine($"{rows} rows, {recipe.Width(backbone)} values each, {new FileInfo(path).Length / 1e6:F0} MB written");
    }

    /// <summary>Passes blocks on; reports memory when half of the rows and when all are through, after a collection where asked (one would lower the peak).</summary>
    private static void Watch(IEnumerable<FeatureBlock> blocks, int rows, bool collect, Action<FeatureBlock> use)
    {
        long seen = 0, before = 0;
        foreach (var block in blocks)
        {
            use(block);
            var now = seen + block.Rows.Length;
            if ((seen < rows / 2 && now >= rows / 2) || now == rows)
            {
                if (collect) Collect();
                var resident = Status("VmRSS");
                Console.WriteLine($"row {now}: resident {resident / 1e6:F1} MB{(before > 0 ? $" ({(double)resident / before - 1:+0.0 %;-0.0 %})" : "")}, {torch.Tensor.TotalCount} live tensors   load {Timing.Load()}");
                before = resident;
            }
            seen = now;
        }
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private static IEnumerable<Row> ShortRows(int rows)
    {
        string[] words = [.. Sentences.Shuffled().SelectMany(row => row.Text.Split(' ')).Distinct()];
        var random = new SeededRandom(1);
        for (var i = 0; i < rows; i++) yield return new Row(string.Join(' ', Enumerable.Range(0, 3 + random.Next(4)).Select(_ => words[random.Next(words.Length)])));
    }

    /// <summary>A line of the kernel's account of this process, in bytes; 0 where there is none.</summary>
    private static long Status(string name)
    {
        if (!File.Exists("/proc/self/status")) return 0;
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim()) * 1024;
    }
}
