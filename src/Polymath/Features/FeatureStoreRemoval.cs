using System.Runtime.InteropServices;
using static SQLitePCL.raw;

namespace Polymath.Features;

/// <summary>Removing rows, within a transaction that the caller began, and giving their bytes back to the disk after it.</summary>
internal static class FeatureStoreRemoval
{
    /// <summary>Pages given back in one transaction: few enough that others need not wait long and the log stays small.</summary>
    private const int PagesAtOnce = 4096;

    /// <summary>Removes one row; its space's count is left to the caller.</summary>
    public static void Row(FeatureStoreDatabase database, long space, ReadOnlySpan<byte> key, long id)
    {
        var row = database.Prepare("DELETE FROM row WHERE space=? AND key=?");
        database.Check(sqlite3_bind_int64(row, 1, space));
        database.Check(sqlite3_bind_blob(row, 2, key));
        database.Step(row);
        var vector = database.Prepare("DELETE FROM vector WHERE id=?");
        database.Check(sqlite3_bind_int64(vector, 1, id));
        database.Step(vector);
    }

    /// <summary>Removes rows from every space.</summary>
    public static void Rows(FeatureStoreDatabase database, ReadOnlySpan<ContentKey> keys)
    {
        var spaces = new List<long>();
        var list = database.Prepare("SELECT id FROM space");
        while (database.Step(list)) spaces.Add(sqlite3_column_int64(list, 0));

        var find = database.Prepare("SELECT id FROM row WHERE space=? AND key=?");
        foreach (var space in spaces)
        {
            var removed = 0;
            for (var i = 0; i < keys.Length; i++)
            {
                var key = MemoryMarshal.AsBytes(keys.Slice(i, 1));
                database.Check(sqlite3_bind_int64(find, 1, space));
                database.Check(sqlite3_bind_blob(find, 2, key));
                if (!database.Step(find)) continue;
                var id = sqlite3_column_int64(find, 0);
                sqlite3_reset(find);
                Row(database, space, key, id);
                removed++;
            }
            FeatureStoreSpace.AddRows(database, space, -removed);
        }
    }

    /// <summary>Removes a space and its rows.</summary>
    public static void Space(FeatureStoreDatabase database, string name)
    {
        if (FeatureStoreSpace.Find(database, name) is not { } space) return;
        foreach (var sql in (ReadOnlySpan<string>)[
            "DELETE FROM vector WHERE id IN (SELECT id FROM row WHERE space=?)", "DELETE FROM row WHERE space=?", "DELETE FROM space WHERE id=?"])
        {
            var delete = database.Prepare(sql);
            database.Check(sqlite3_bind_int64(delete, 1, space.Id));
            database.Step(delete);
        }
    }

    /// <summary>Removes everything.</summary>
    public static void All(FeatureStoreDatabase database) => database.Execute("DELETE FROM vector; DELETE FROM row; DELETE FROM space");

    /// <summary>The bytes of the file that no row takes.</summary>
    public static long UnusedBytes(FeatureStoreDatabase database) => database.Number("PRAGMA freelist_count") * FeatureStoreSchema.PageSize;

    /// <summary>Cuts unused pages off the file and empties the log. Where that cannot be done now, the pages are used again by later rows.</summary>
    public static void Shrink(FeatureStoreDatabase database)
    {
        try
        {
            for (var free = database.Number("PRAGMA freelist_count"); free > 0;)
            {
                database.Execute($"PRAGMA incremental_vacuum({PagesAtOnce})");
                var left = database.Number("PRAGMA freelist_count");
                if (left >= free) break;
                free = left;
            }
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (PolymathException)
        {
            // The rows are gone and their bytes zeroed already; a busy or full disk only keeps the empty pages.
        }
    }
}
