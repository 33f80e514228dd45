using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>Features with one and two threads inside an operation, and with two callers of one thread each on one backbone.</summary>
internal static class ThreadsBench
{
    public static int Run(string[] args)
    {
        int count = Timing.Number(args, "--rows", 4000), rounds = Timing.Number(args, "--rounds", 3);
        Timing.Announce($"threads: features of {count} mixed sentences, all-MiniLM-L6-v2 float32, turn by turn, medians of {rounds} rounds, waiting threads sleep");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        Row[] rows = [.. Sentences.Mixed(count)];
        (int Callers, int Threads)[] ways = [(1, 1), (1, 2), (2, 1)];
        var times = ways.ToDictionary(way => way, _ => new List<double>());
        Extract(rows[..Math.Min(200, count)]);
        for (var round = 0; round < rounds; round++)
            foreach (var way in ways)
            {
                ThreadSettings.Threads = way.Threads;
                times[way].Add(Timing.Seconds(() => Together(way.Callers)));
            }
        foreach (var way in ways)
            Console.WriteLine($"{way.Callers} caller(s), {way.Threads} thread(s) an operation: {count / Timing.Median(times[way]):F1} rows/s, {Timing.Median(times[ways[0]]) / Timing.Median(times[way]):F2}× one thread   load {Timing.Load()}");
        return 0;

        void Extract(Row[] some) { foreach (var _ in new FeatureExtractor(backbone, new FeatureOptions()).Extract(some)) { } }

        void Together(int callers)
        {
            Thread[] threads = [.. rows.Chunk((count + callers - 1) / callers).Select(part => new Thread(() => Extract(part)))];
            foreach (var thread in threads) thread.Start();
            foreach (var thread in threads) thread.Join();
        }
    }
}
