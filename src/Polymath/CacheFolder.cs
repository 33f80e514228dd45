namespace Polymath;

/// <summary>The folder of this user's for what can be made again: models fetched, hashes of large files, frozen features.</summary>
public static class CacheFolder
{
    /// <summary>POLYMATH_HOME where it is set, else <c>polymath</c> in the user's cache folder.</summary>
    public static string Default
    {
        get
        {
            if (Environment.GetEnvironmentVariable("POLYMATH_HOME") is { Length: > 0 } named) return named;
            if (OperatingSystem.IsWindows()) return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "polymath");
            var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            if (OperatingSystem.IsMacOS()) return Path.Combine(user, "Library", "Caches", "polymath");
            return Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } caches ? caches : Path.Combine(user, ".cache"), "polymath");
        }
    }
}
