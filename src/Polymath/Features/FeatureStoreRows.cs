using System.Numerics;
using System.Runtime.InteropServices;
using SQLitePCL;
using static SQLitePCL.raw;

namespace Polymath.Features;

/// <summary>Looking rows up and reading them, within a transaction that the caller began.</summary>
internal static class FeatureStoreRows
{
    private const string FindRow = "SELECT id, used, sum FROM row WHERE space=? AND key=?";

    /// <summary>Says which rows are there and returns their number.</summary>
    public static int Find(FeatureStoreDatabase database, long space, ReadOnlySpan<ContentKey> keys, Span<bool> found)
    {
        var find = database.Prepare(FindRow);
        var count = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            BindKey(database, find, space, keys, i);
            found[i] = database.Step(find);
            if (found[i]) count++;
            sqlite3_reset(find);
        }
        return count;
    }

    /// <summary>
    /// Copies the rows that are there into <paramref name="values"/> and returns their number; those that were not read since the
    /// last write, whose use is thus still to be noted, are added to <paramref name="stale"/>.
    /// </summary>
    public static int Read(
        FeatureStoreDatabase database, long space, ReadOnlySpan<ContentKey> keys, int width, Span<float> values, Span<bool> found, List<int> stale)
    {
        var find = database.Prepare(FindRow);
        var now = database.Number("SELECT now FROM clock");
        var count = 0;
        sqlite3_blob? vector = null;
        try
        {
            for (var i = 0; i < keys.Length; i++)
            {
                BindKey(database, find, space, keys, i);
                found[i] = database.Step(find);
                if (found[i])
                {
                    long id = sqlite3_column_int64(find, 0), used = sqlite3_column_int64(find, 1);
                    vector ??= database.OpenVector(id);
                    var bytes = MemoryMarshal.AsBytes(values.Slice(i * width, width));
                    database.ReadVector(vector, id, bytes);
                    if (Checksum(bytes) != (uint)sqlite3_column_int64(find, 2)) database.Check(SQLITE_CORRUPT);
                    if (used <= now) stale.Add(i);
                    count++;
                }
                sqlite3_reset(find);
            }
        }
        finally
        {
            vector?.Dispose();
        }
        return count;
    }

    /// <summary>Notes that the rows of the given positions were used after the last write and before the next one.</summary>
    public static void MarkUsed(FeatureStoreDatabase database, long space, ReadOnlySpan<ContentKey> keys, List<int> rows)
    {
        var mark = database.Prepare("UPDATE row SET used=(SELECT now+1 FROM clock) WHERE space=? AND key=?");
        foreach (var i in rows)
        {
            BindKey(database, mark, space, keys, i);
            database.Step(mark);
        }
    }

    /// <summary>CRC-32C of a vector's bytes: SQLite does not notice a bit that fell over in the middle of a blob.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = ~0u;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words) sum = BitOperations.Crc32C(sum, word);
        foreach (var single in bytes[(words.Length * sizeof(ulong))..]) sum = BitOperations.Crc32C(sum, single);
        return ~sum;
    }

    private static void BindKey(FeatureStoreDatabase database, sqlite3_stmt statement, long space, ReadOnlySpan<ContentKey> keys, int i)
    {
        database.Check(sqlite3_bind_int64(statement, 1, space));
        database.Check(sqlite3_bind_blob(statement, 2, MemoryMarshal.AsBytes(keys.Slice(i, 1))));
    }
}
