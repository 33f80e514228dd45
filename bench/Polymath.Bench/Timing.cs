using System.Diagnostics;

namespace Polymath.Bench;

/// <summary>Small helpers for honest timing.</summary>
internal static class Timing
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The value after an option, or a default.</summary>
    public static string Option(string[] args, string name, string otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }

    /// <summary>The number after an option, or a default.</summary>
    public static int Number(string[] args, string name, int otherwise) =>
        int.TryParse(Option(args, name, $"{otherwise}"), out var value) ? value : throw new PolymathException($"{name}: expected a whole number");

    /// <summary>Says what is measured and on what, before the numbers.</summary>
    public static void Announce(string what)
    {
        var processor = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
        Console.WriteLine($"{what}\n{Environment.ProcessorCount} cores{(processor is null ? "" : $" of {processor}")}, load {Load()} at {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC");
    }

    /// <summary>Starts another benchmark of this program as a process of its own and returns at once; its output can be read.</summary>
    public static Process Start(params IEnumerable<string> call)
    {
        var program = Environment.ProcessPath!;
        IEnumerable<string> host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(Timing).Assembly.Location] : [];
        return Process.Start(new ProcessStartInfo(program, [.. host, .. call]) { RedirectStandardOutput = true })!;
    }

    /// <summary>The folder with real models and data sets beside the project.</summary>
    public static string Shared(params string[] parts)
    {
        var named = Environment.GetEnvironmentVariable("POLYMATH_SHARED");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); named is null && folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, "shared", "golden"))) named = Path.Combine(folder.FullName, "shared");
        if (named is null) throw new PolymathException("the shared folder with models and data sets is absent; set POLYMATH_SHARED");
        return Path.Combine([named, .. parts]);
    }

    /// <summary>One-minute load average, to print beside numbers.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
