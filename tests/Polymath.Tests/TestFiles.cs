[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Polymath.Tests;

/// <summary>Where tests find their files, and a temporary folder each that goes away with the test.</summary>
internal static class TestFiles
{
    /// <summary>A file or folder of the reference outputs that lie beside the tests; always there.</summary>
    public static string Golden(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "Golden", .. parts]);

    /// <summary>A file or folder of the larger reference material that lies beside the project; skips the test where there is none.</summary>
    public static string Shared(params string[] parts)
    {
        var root = SharedRoot();
        Assert.SkipWhen(root is null, "the folder 'shared' (or POLYMATH_SHARED) with real models and data sets is absent");
        var path = Path.Combine([root!, .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"{string.Join('/', parts)} is absent from the shared folder");
        return path;
    }

    private static string? SharedRoot()
    {
        if (Environment.GetEnvironmentVariable("POLYMATH_SHARED") is { Length: > 0 } named) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "golden"))) return candidate;
        }
        return null;
    }
}

/// <summary>A folder of a test's own, removed with everything in it when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("polymath-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try { Directory.Delete(Path, recursive: true); } catch (IOException) { } catch (UnauthorizedAccessException) { }
    }
}

/// <summary>A disk that stops at the n-th step (from 0), as a crash there would; counts the steps where n is not reached.</summary>
internal sealed class StoppingDisk(int stopAt) : Native.Disk
{
    private int _steps;

    public int Steps => _steps;

    public override void Reached(Native.DiskStep step, string path)
    {
        if (_steps++ == stopAt) throw new Native.DiskStoppedException($"stopped at step {stopAt}, {step} of {path}");
    }
}
