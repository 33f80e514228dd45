using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Kills a child process (SIGKILL) at random moments while it writes features into a store, with evictions, and saves, removes and prunes tasks
/// in a library; one store and one library see all kills. After each kill both are opened and everything in them is checked, and what the child
/// had reported as written must be there.
/// </summary>
internal static class ChaosBench
{
    private const string Space = "chaos";
    private const int Width = 700, StoreRows = 400, RowsOfCall = 24;

    /// <summary>A child whose parent is gone ends by itself.</summary>
    private static readonly TimeSpan ChildLife = TimeSpan.FromSeconds(60);

    private static FeatureStoreOptions StoreOptions { get; } = new() { MaxBytes = StoreRows / 2 * FeatureStoreSchema.RowBytes(Width) };

    public static int Run(string[] args)
    {
        var kills = Timing.Number(args, "--kills", 100);
        Timing.Announce($"chaos: {kills} kills at random moments");
        using var folder = new TemporaryFolder();
        var random = new Random(Timing.Number(args, "--seed", 1));
        int failures = 0, calls = 0, saves = 0;
        for (var kill = 1; kill <= kills; kill++)
        {
            var (lastCall, lastSave, ended) = KillOne(folder.Path, kill, random.Next(0, 1000));
            (calls, saves) = (calls + Math.Max(0, lastCall), saves + Math.Max(0, lastSave));
            string[] problems = [.. ended ? ["the child ended by itself"] : Array.Empty<string>(), .. CheckStore(folder["store.db"], kill, lastCall), .. CheckLibrary(folder["library"], kill, lastSave)];
            foreach (var problem in problems) Console.WriteLine($"FAIL kill {kill}: {problem}");
            failures += problems.Length;
        }
        Console.WriteLine($"{kills} kills during {calls} store calls and {saves} library changes, {failures} failures   load {Timing.Load()}");
        return failures == 0 ? 0 : 1;
    }

    /// <summary>The process that is killed: it writes until then, from two threads, and reports every call that has returned.</summary>
    public static int RunChild(string[] args)
    {
        var (folder, seed) = (Timing.Option(args, "--folder", ""), Timing.Number(args, "--seed", 1));
        var library = new Thread(() => ChangeLibrary(Path.Combine(folder, "library"), seed)) { IsBackground = true };
        library.Start();
        var start = Stopwatch.GetTimestamp();
        using var store = FeatureStore.Open(Path.Combine(folder, "store.db"), StoreOptions);
        for (var call = 1; Stopwatch.GetElapsedTime(start) < ChildLife; call++)
        {
            var rows = RowsOf(seed, call);
            store.Write(Space, [.. rows.Select(Key)], Values(rows), Width);
            Report($"store {call}");
        }
        return 0;
    }

    private static void ChangeLibrary(string folder, int seed)
    {
        using var library = TaskLibrary.Open(folder);
        for (var change = 1; ; change++)
        {
            var (name, removes) = Change(change);
            if (removes) library.Remove(name);
            else library.Save(Artifact(name, seed, change));
            if (change % 3 == 0) library.Prune(2);
            Report($"library {change}");
        }
    }

    private static void Report(string line)
    {
        lock (Console.Out)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }

    /// <summary>Kills a child some time after its first change of the library, every fourth after its start, and returns the last calls it reported (0 for none).</summary>
    private static (int Call, int Save, bool Ended) KillOne(string folder, int seed, int milliseconds)
    {
        using var process = Timing.Start("chaos-child", "--folder", folder, "--seed", $"{seed}");
        var lines = new List<string>();
        while (seed % 4 != 0 && !lines.Any(IsLibrary) && process.StandardOutput.ReadLine() is { } line) lines.Add(line);
        var rest = Task.Run(process.StandardOutput.ReadToEnd);
        var ended = process.WaitForExit(milliseconds);
        if (!ended) process.Kill();
        var text = rest.Result;
        process.WaitForExit();
        lines.AddRange(text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        int Last(string what) => lines.Where(line => line.StartsWith(what, StringComparison.Ordinal)).Select(line => int.Parse(line.Split(' ')[1])).LastOrDefault();
        return (Last("store "), Last("library "), ended);

        static bool IsLibrary(string line) => line.StartsWith("library ", StringComparison.Ordinal);
    }

    private static IEnumerable<string> CheckStore(string path, int seed, int lastCall)
    {
        if (!File.Exists(path)) return lastCall > 0 ? ["the store's file is gone"] : [];
        try
        {
            int[] all = [.. Enumerable.Range(0, StoreRows)];
            var values = new float[StoreRows * Width];
            var found = new bool[StoreRows];
            using (var store = FeatureStore.Open(path, StoreOptions)) store.Read(Space, [.. all.Select(Key)], Width, values, found);
            using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            connection.Open();
            using var integrity = new SqliteCommand("PRAGMA integrity_check", connection);
            if (integrity.ExecuteScalar() is not "ok") return ["the store's integrity check fails"];
            var wrong = all.Count(row => found[row] && !values.AsSpan(row * Width, Width).SequenceEqual(Values([row])));
            var lost = lastCall > 0 ? RowsOf(seed, lastCall).Count(row => !found[row]) : 0;
            return [.. wrong > 0 ? [$"{wrong} rows of the store have other values than were written"] : Array.Empty<string>(), .. lost > 0 ? [$"{lost} rows of the last finished call are lost"] : Array.Empty<string>()];
        }
        catch (Exception error) when (error is PolymathException or SqliteException) { return [error.Message]; }
    }

    private static IEnumerable<string> CheckLibrary(string folder, int seed, int lastChange)
    {
        try
        {
            using var library = TaskLibrary.Open(folder);
            var problems = new List<string>();
            foreach (var summary in library.Tasks)
            {
                if (summary.Problem is { } problem) problems.Add(problem);
                var task = library.Load(summary.Name);
                var expected = Artifact(task.Name, (int)task.Metrics["seed"], (int)task.Metrics["change"]);
                if (!task.Array("weight").Values.AsSpan().SequenceEqual(expected.Arrays[0].Values)) problems.Add($"{task.Name} has other values than were saved");
            }
            // The last change reported is there, unless the one under way at the kill came after it.
            var (name, removed) = Change(lastChange);
            if (lastChange == 0 || Change(lastChange + 1).Name == name) return problems;
            var there = library.Tasks.FirstOrDefault(task => task.Name == name)?.Artifact;
            var kept = removed ? there is null : there is not null && (int)there.Metrics["seed"] == seed && (int)there.Metrics["change"] == lastChange;
            if (!kept) problems.Add($"change {lastChange} of the library is lost");
            return problems;
        }
        catch (PolymathException error) { return [error.Message]; }
    }

    /// <summary>What the n-th change of a child is: every fourth removes the task that the one before it saved.</summary>
    private static (string Name, bool Removes) Change(int change) => change % 4 == 0 ? ($"task{(change - 1) % 5}", true) : ($"task{change % 5}", false);

    private static int[] RowsOf(int seed, int call)
    {
        var random = new Random(unchecked(seed * 1_000_003 + call));
        return [.. Enumerable.Range(0, RowsOfCall).Select(_ => random.Next(StoreRows))];
    }

    private static ContentKey Key(int row) => ContentKey.Of(MemoryMarshal.AsBytes<int>([row]));

    private static float[] Values(int[] rows) => [.. rows.SelectMany(row => Enumerable.Range(0, Width).Select(column => row * 1000f + column))];

    private static TaskArtifact Artifact(string name, int seed, int change) => new()
    {
        Name = name,
        Kind = TaskKind.Classification,
        Method = "features",
        Labels = ["no", "yes"],
        HeadKind = "linear",
        Metrics = new Dictionary<string, double> { ["seed"] = seed, ["change"] = change },
        Arrays = [new NamedArray("weight", [2, 5000], [.. Enumerable.Range(0, 10_000).Select(i => (float)(i * seed + change))]), new NamedArray("bias", [2], [seed, change])],
    };
}
