using static SQLitePCL.raw;

namespace Polymath.Features;

/// <summary>
/// One space as the store keeps it: its number, the width of its vectors, how many there are, and the hour of its last use (seconds since 1970).
/// </summary>
internal readonly record struct FeatureStoreSpace(long Id, int Width, long Rows, long Seen)
{
    /// <summary>The space of a name, or null.</summary>
    public static FeatureStoreSpace? Find(FeatureStoreDatabase database, string name)
    {
        var find = database.Prepare("SELECT id, width, rows, seen FROM space WHERE name=?");
        database.Check(sqlite3_bind_text(find, 1, name));
        if (!database.Step(find)) return null;
        var space = new FeatureStoreSpace(
            sqlite3_column_int64(find, 0), sqlite3_column_int(find, 1), sqlite3_column_int64(find, 2), sqlite3_column_int64(find, 3));
        sqlite3_reset(find);
        return space;
    }

    /// <summary>The space of a name for writing, marked as used; added where it is missing.</summary>
    public static FeatureStoreSpace FindOrAdd(FeatureStoreDatabase database, string path, string name, int width, long hour)
    {
        if (Find(database, name) is { } known)
        {
            known.RequireWidth(path, name, width);
            if (known.Seen < hour) MarkSeen(database, known.Id, hour);
            return known;
        }
        var add = database.Prepare("INSERT INTO space(name, width, rows, seen) VALUES(?, ?, 0, ?)");
        database.Check(sqlite3_bind_text(add, 1, name));
        database.Check(sqlite3_bind_int64(add, 2, width));
        database.Check(sqlite3_bind_int64(add, 3, hour));
        database.Step(add);
        return Find(database, name)!.Value;
    }

    /// <summary>Notes the hour of a use.</summary>
    public static void MarkSeen(FeatureStoreDatabase database, long id, long hour)
    {
        var mark = database.Prepare("UPDATE space SET seen=max(seen, ?2) WHERE id=?1");
        database.Check(sqlite3_bind_int64(mark, 1, id));
        database.Check(sqlite3_bind_int64(mark, 2, hour));
        database.Step(mark);
    }

    /// <summary>Counts rows that came (positive) or went (negative).</summary>
    public static void AddRows(FeatureStoreDatabase database, long id, long rows)
    {
        var count = database.Prepare("UPDATE space SET rows=rows+?2 WHERE id=?1");
        database.Check(sqlite3_bind_int64(count, 1, id));
        database.Check(sqlite3_bind_int64(count, 2, rows));
        database.Step(count);
    }

    /// <summary>All spaces in the order of their names.</summary>
    public static List<FeatureSpaceStatistics> List(FeatureStoreDatabase database)
    {
        var spaces = new List<FeatureSpaceStatistics>();
        var list = database.Prepare("SELECT name, width, rows, seen FROM space ORDER BY name");
        while (database.Step(list))
        {
            var width = sqlite3_column_int(list, 1);
            var rows = sqlite3_column_int64(list, 2);
            spaces.Add(new FeatureSpaceStatistics(
                sqlite3_column_text(list, 0).utf8_to_string(), width, rows, rows * FeatureStoreSchema.RowBytes(width),
                DateTimeOffset.FromUnixTimeSeconds(sqlite3_column_int64(list, 3))));
        }
        return spaces;
    }

    /// <summary>Throws where vectors of another width are asked for.</summary>
    public void RequireWidth(string path, string name, int width)
    {
        if (width != Width)
            throw new PolymathException(
                $"{path}: space '{name}' holds vectors of {Width} floats, not of {width}; " +
                "name the space by everything that shapes a vector, or remove it from the store");
    }
}
