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
