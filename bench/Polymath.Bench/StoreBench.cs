using System.Runtime.InteropServices;
using Polymath.Features;

namespace Polymath.Bench;

/// <summary>Reading features from the store against computing them: all seven layers of all-MiniLM-L6-v2, mean-pooled, 2,688 floats a row.</summary>
internal static class StoreBench
{
    public static int Run(string[] args)
    {
        int count = Timing.Number(args, "--rows", 10_000), rounds = Timing.Number(args, "--rounds", 5);
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        var width = (backbone.Config.Layers + 1) * backbone.Config.Width;
        Timing.Announce($"store: {count} rows of {width} floats, file store, hot cache, medians of {rounds} rounds (computing: one)");
        using var folder = new TemporaryFolder();

        ContentKey[] keys = [.. Enumerable.Range(0, count).Select(row => ContentKey.Of(MemoryMarshal.AsBytes<int>([row])))];
        var values = new float[(long)count * width];
        for (var i = 0; i < values.Length; i++) values[i] = i % 8191;
        double[] writing = [.. Enumerable.Range(0, rounds).Select(round =>
        {
            using var store = FeatureStore.Open(folder[$"write{round}.db"]);
            return Timing.Seconds(() => { foreach (var part in Parts(count, 256)) store.Write("space", keys[part], values.AsSpan(part.Start.Value * width, (part.End.Value - part.Start.Value) * width), width); });
        })];
        using var filled = FeatureStore.Open(folder["write0.db"]);
        var back = new float[values.Length];
        var found = new bool[count];
        double Read() => Timing.Seconds(() => { foreach (var part in Parts(count, 2048)) filled.Read("space", keys[part], width, back.AsSpan(part.Start.Value * width), found.AsSpan(part)); });
        _ = Read();
        double[] reading = [.. Enumerable.Range(0, rounds).Select(_ => Read())];
        if (found.Contains(false) || !back.AsSpan().SequenceEqual(values)) throw new PolymathException("the store gave back other values than were written");
        Console.WriteLine($"the store by itself: writes {count / Timing.Median(writing):F0} rows/s (calls of 256 rows, each a durable transaction), reads {count / Timing.Median(reading):F0} rows/s (calls of 2,048)   load {Timing.Load()}");

        Tasks.Row[] rows = [.. Sentences.Mixed(count)];
        double Extract(FeatureStore? store) => Timing.Seconds(() => { foreach (var _ in new FeatureExtractor(backbone, new FeatureOptions { Store = store }).Extract(rows)) { } });
        foreach (var _ in new FeatureExtractor(backbone, new FeatureOptions()).Extract(rows[..Math.Min(200, count)])) { }
        var computing = Extract(null);
        Console.WriteLine($"computing without a store: {count / computing:F0} rows/s   load {Timing.Load()}");
        using var own = FeatureStore.Open(folder["features.db"]);
        Console.WriteLine($"computing and storing: {count / Extract(own):F0} rows/s   load {Timing.Load()}");
        var passes = backbone.ForwardPasses;
        double[] again = [.. Enumerable.Range(0, rounds).Select(_ => Extract(own))];
        passes = backbone.ForwardPasses - passes;
        Console.WriteLine($"second run, tokenization and key look-up included: {count / Timing.Median(again):F0} rows/s, {passes} forward passes   load {Timing.Load()}");
        Console.WriteLine($"reading is {computing / Timing.Median(reading):F0}× faster than computing; the whole second run {computing / Timing.Median(again):F0}×");
        return passes == 0 ? 0 : 1;
    }

    private static IEnumerable<Range> Parts(int count, int size)
    {
        for (var start = 0; start < count; start += size) yield return start..Math.Min(start + size, count);
    }
}
