namespace Polymath.Features;

/// <summary>
/// The store's file. Keys and last uses lie in a narrow table of their own, so that marking a row as used rewrites no features;
/// vectors lie in the order in which they were written, so that rows written together are read together.
/// </summary>
internal static class FeatureStoreSchema
{
    /// <summary>Marks the file as ours (SQLite's application_id): "PMfs".</summary>
    private const int ApplicationId = 0x504D6673;

    /// <summary>The version of the tables below; a change of theirs raises it, and older stores are to be deleted.</summary>
    private const int Version = 1;

    /// <summary>
    /// Bytes of a page. Of 4 to 64 KiB all read 10.7 kB rows at 190,000 to 290,000 rows a second from memory; 8 KiB wastes the least space over
    /// the widths in use, and keeps evicted rows from leaving holes in pages that others still need.
    /// </summary>
    public const int PageSize = 8192;

    private const string Tables = """
        CREATE TABLE clock(now INTEGER NOT NULL);
        INSERT INTO clock VALUES(1);
        CREATE TABLE space(
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, width INTEGER NOT NULL, rows INTEGER NOT NULL, seen INTEGER NOT NULL);
        CREATE TABLE row(
            space INTEGER NOT NULL, key BLOB NOT NULL, id INTEGER NOT NULL, used INTEGER NOT NULL, sum INTEGER NOT NULL,
            PRIMARY KEY(space, key)) WITHOUT ROWID;
        CREATE INDEX row_used ON row(used, id);
        CREATE TABLE vector(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
        """;

    /// <summary>Opens a connection to a store's file, making folder, file and tables where they are missing.</summary>
    /// <exception cref="PolymathException">The file is not a store, is damaged, read-only or locked for too long.</exception>
    public static FeatureStoreDatabase Open(string path, FeatureStoreOptions options, Native.Disk disk)
    {
        if (!BitConverter.IsLittleEndian) throw new PolymathException($"{path}: the feature store needs a little-endian processor");
        var database = new FeatureStoreDatabase(path, options.BusyTimeout);
        try
        {
            if (database.IsReadOnly) throw FeatureStoreErrors.ReadOnly(path, "it is read-only");
            Check(database, path);
            Prepare(database, path, options, disk);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What a row of a width takes: its share of the pages that its vector lies in, as SQLite lays out a table
    /// (https://www.sqlite.org/fileformat2.html, "cell payload overflow pages"), and of the key tables. A pure function, so that the size bound
    /// does not depend on the history of a file.
    /// </summary>
    public static long RowBytes(int width)
    {
        const int KeyTables = 102, RecordHeader = 5, CellHeader = 13, PageHeader = 8;
        const int Largest = PageSize - 35, Smallest = ((PageSize - 12) * 32 / 255) - 23, OverflowSize = PageSize - 4;
        var payload = (4L * width) + RecordHeader;
        long local = payload, overflow = 0;
        if (payload > Largest)
        {
            local = Smallest + ((payload - Smallest) % OverflowSize);
            if (local > Largest) local = Smallest;
            overflow = (payload - local + OverflowSize - 1) / OverflowSize;
        }
        var rowsPerPage = Math.Max(1, (PageSize - PageHeader) / (local + CellHeader));
        return (overflow * PageSize) + (PageSize / rowsPerPage) + KeyTables;
    }

    /// <summary>Refuses a database that someone else made, before anything in it is changed.</summary>
    private static void Check(FeatureStoreDatabase database, string path)
    {
        using var snapshot = database.Begin(write: false);
        var application = database.Number("PRAGMA application_id");
        if (application == ApplicationId)
        {
            var version = database.Number("PRAGMA user_version");
            if (version != Version)
                throw FeatureStoreErrors.NotAStore(path, $"its format is version {version}, this program reads version {Version}");
        }
        else if (application != 0 || database.Number("SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw FeatureStoreErrors.NotAStore(path, "it is a database of another program");
        }
    }

    private static void Prepare(FeatureStoreDatabase database, string path, FeatureStoreOptions options, Native.Disk disk)
    {
        // A write-ahead log flushed at each checkpoint survives any kill; after a power cut
        // the last transactions of a cache may be missing. No memory map: copying is fast enough, and a failing disk then is an error, not a crash.
        var isNew = database.Number("PRAGMA application_id") != ApplicationId;
        if (isNew) database.Execute($"PRAGMA page_size={PageSize}; PRAGMA auto_vacuum=INCREMENTAL");
        database.ExecutePatiently("PRAGMA journal_mode=WAL");
        database.Execute("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2048; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-8192");
        // What moves within a page leaves no copy behind, so that a row can be forgotten later; whole pages are zeroed only then.
        database.Execute("PRAGMA secure_delete=FAST");
        if (options.MaxPages > 0) database.Execute($"PRAGMA max_page_count={options.MaxPages}");
        if (!isNew) return;
        using var transaction = database.Begin(write: true);
        if (database.Number("PRAGMA application_id") == ApplicationId) return;
        database.Execute(Tables);
        database.Execute($"PRAGMA application_id={ApplicationId}; PRAGMA user_version={Version}");
        disk.Reached(Native.DiskStep.Commit, path);
        transaction.Commit();
    }
}
