using System.Runtime.InteropServices;
using static SQLitePCL.raw;

namespace Polymath.Features;

/// <summary>
/// Storing rows and making room for them, within a transaction that the caller began. Room is made before the vectors come, so that they
/// take the pages of those that went and the file stays within its bound.
/// </summary>
internal static class FeatureStoreWrite
{
    private const int EvictedAtOnce = 256;

    /// <summary>Stores the rows that are not there yet; see <see cref="FeatureStore.Write"/>.</summary>
    public static void Run(
        FeatureStoreDatabase database, long space, ReadOnlySpan<ContentKey> keys, ReadOnlySpan<float> values, int width, long maxBytes)
    {
        // In twos: what is read before the next write is marked with the odd number between (FeatureStoreRows.MarkUsed).
        database.Execute("UPDATE clock SET now=now+2");
        var now = database.Number("SELECT now FROM clock");
        var firstNew = database.Number("SELECT max(id) FROM vector") + 1;
        var added = AddKeys(database, space, keys, values, width, firstNew, now);
        if (added.Count == 0) return;
        FeatureStoreSpace.AddRows(database, space, added.Count);
        var gone = MakeRoom(database, maxBytes);

        var insert = database.Prepare("INSERT INTO vector(id, data) VALUES(?, ?)");
        for (var n = 0; n < added.Count; n++)
        {
            var id = firstNew + n;
            if (id <= gone) continue;
            database.Check(sqlite3_bind_int64(insert, 1, id));
            database.Check(sqlite3_bind_blob(insert, 2, MemoryMarshal.AsBytes(values.Slice(added[n] * width, width))));
            database.Step(insert);
        }
    }

    /// <summary>
    /// Adds the keys that are new, numbered upwards from <paramref name="firstNew"/>, and returns their positions; the others are marked as used.
    /// </summary>
    private static List<int> AddKeys(
        FeatureStoreDatabase database, long space, ReadOnlySpan<ContentKey> keys, ReadOnlySpan<float> values, int width, long firstNew, long now)
    {
        var added = new List<int>();
        var add = database.Prepare("INSERT OR IGNORE INTO row(space, key, id, used, sum) VALUES(?, ?, ?, ?, ?)");
        var mark = database.Prepare("UPDATE row SET used=?3 WHERE space=?1 AND key=?2");
        for (var i = 0; i < keys.Length; i++)
        {
            var key = MemoryMarshal.AsBytes(keys.Slice(i, 1));
            database.Check(sqlite3_bind_int64(add, 1, space));
            database.Check(sqlite3_bind_blob(add, 2, key));
            database.Check(sqlite3_bind_int64(add, 3, firstNew + added.Count));
            database.Check(sqlite3_bind_int64(add, 4, now));
            database.Check(sqlite3_bind_int64(add, 5, FeatureStoreRows.Checksum(MemoryMarshal.AsBytes(values.Slice(i * width, width)))));
            database.Step(add);
            if (database.Changes == 1)
            {
                added.Add(i);
                continue;
            }
            database.Check(sqlite3_bind_int64(mark, 1, space));
            database.Check(sqlite3_bind_blob(mark, 2, key));
            database.Check(sqlite3_bind_int64(mark, 3, now));
            database.Step(mark);
        }
        return added;
    }

    /// <summary>Removes the rows unused for longest until the rest fits, and returns the largest number of a removed row (0 if none was).</summary>
    private static long MakeRoom(FeatureStoreDatabase database, long maxBytes)
    {
        long excess = -maxBytes, largest = 0;
        var rowBytes = new Dictionary<long, long>();
        var spaces = database.Prepare("SELECT id, width, rows FROM space");
        while (database.Step(spaces))
        {
            var bytes = FeatureStoreSchema.RowBytes(sqlite3_column_int(spaces, 1));
            rowBytes.Add(sqlite3_column_int64(spaces, 0), bytes);
            excess += sqlite3_column_int64(spaces, 2) * bytes;
        }
        var removed = new Dictionary<long, long>();
        while (excess > 0)
        {
            var oldest = Oldest(database, EvictedAtOnce);
            if (oldest.Count == 0) break;
            foreach (var row in oldest)
            {
                if (excess <= 0) break;
                FeatureStoreRemoval.Row(database, row.Space, row.Key, row.Id);
                excess -= rowBytes[row.Space];
                removed[row.Space] = removed.GetValueOrDefault(row.Space) + 1;
                largest = Math.Max(largest, row.Id);
            }
        }
        foreach (var (space, rows) in removed) FeatureStoreSpace.AddRows(database, space, -rows);
        return largest;
    }

    private static List<(long Space, byte[] Key, long Id)> Oldest(FeatureStoreDatabase database, int count)
    {
        var rows = new List<(long, byte[], long)>(count);
        var oldest = database.Prepare("SELECT space, key, id FROM row ORDER BY used, id LIMIT ?");
        database.Check(sqlite3_bind_int64(oldest, 1, count));
        while (database.Step(oldest))
            rows.Add((sqlite3_column_int64(oldest, 0), sqlite3_column_blob(oldest, 1).ToArray(), sqlite3_column_int64(oldest, 2)));
        return rows;
    }
}
