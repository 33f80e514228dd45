using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Polymath.Features;

namespace Polymath.Tests;

/// <summary>
/// A real second process that writes to a store: this very test program, started with an environment variable that makes it
/// write rows instead of running tests.
/// </summary>
internal static class FeatureStoreChild
{
    public const string Space = "child";
    public const int Width = 700, Rows = 400;
    private const string Variable = "POLYMATH_TEST_FEATURE_STORE_CHILD";

    /// <summary>Room for half the rows, so that the child evicts as it writes.</summary>
    public static FeatureStoreOptions Options { get; } = new() { MaxBytes = Rows / 2 * FeatureStoreSchema.RowBytes(Width) };

    /// <summary>Starts a child that makes <paramref name="calls"/> rounds of writing, reading and removing; it prints a line after the first.</summary>
    public static Process Start(string path, int seed, int calls)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(typeof(FeatureStoreChild).Assembly.Location);
        start.Environment[Variable] = string.Create(CultureInfo.InvariantCulture, $"{seed}|{calls}|{path}");
        return Process.Start(start)!;
    }

    [ModuleInitializer]
    internal static void RunIfChild()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } task) return;
        var parts = task.Split('|', 3);
        var random = new Random(int.Parse(parts[0]));
        using (var store = FeatureStore.Open(parts[2], Options))
        {
            for (var call = 0; call < int.Parse(parts[1]); call++)
            {
                int[] rows = [.. Enumerable.Range(0, 24).Select(_ => random.Next(Rows))];
                FeatureStoreTests.Write(store, Space, Width, rows);
                FeatureStoreTests.ReadBack(store, Space, Width, [.. rows.Select(row => (row + 1) % Rows)]);
                if (call % 16 == 15) store.Remove(FeatureStoreTests.Keys(rows[0], rows[1]));
                if (call == 0) Console.WriteLine("first call done");
            }
        }
        Environment.Exit(0);
    }
}
