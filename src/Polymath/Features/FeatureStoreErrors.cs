using static SQLitePCL.raw;

namespace Polymath.Features;

/// <summary>SQLite's result codes (https://www.sqlite.org/rescode.html) as lines that say what to do.</summary>
internal static class FeatureStoreErrors
{
    /// <summary>What a file that is not a store, or no longer one, calls for.</summary>
    public static PolymathException NotAStore(string path, string reason) =>
        new($"{path}: not a feature store, or a damaged one ({reason}); " +
            $"delete it (with {Path.GetFileName(path)}-wal and -shm beside it): it is a cache, and what it held will be computed again");

    /// <summary>The error for a store that can be read but not written to.</summary>
    public static PolymathException ReadOnly(string path, string reason) =>
        new($"{path}: the feature store cannot be written to ({reason}); " +
            "make the file and its folder writable, use another store, or work without a store");

    /// <summary>The error for a result code other than success.</summary>
    public static PolymathException Describe(string path, int result, string reason, TimeSpan waited) => (result & 0xff) switch
    {
        SQLITE_BUSY or SQLITE_LOCKED => new(
            $"{path}: the feature store has been in use by another process for more than {waited.TotalSeconds:0.#} s; " +
            "wait until that one has finished, or use another store"),
        SQLITE_FULL => new(
            $"{path}: no space is left for the feature store ({reason}); nothing was changed; " +
            "free some space, give the store a smaller size bound, or work without a store"),
        SQLITE_IOERR => new(
            $"{path}: the feature store's disk cannot be read or written, or is full ({reason}); nothing was changed; " +
            "check the disk and its free space, or work without a store"),
        SQLITE_CANTOPEN => new(
            $"{path}: the feature store cannot be opened or created ({reason}); " +
            "name a file in a folder that can be written to, or work without a store"),
        SQLITE_READONLY or SQLITE_PERM or SQLITE_AUTH => ReadOnly(path, reason),
        SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_ERROR or SQLITE_SCHEMA or SQLITE_MISMATCH => NotAStore(path, reason),
        _ => new($"{path}: the feature store failed ({reason}, SQLite result {result}); try again, or work without a store"),
    };
}
