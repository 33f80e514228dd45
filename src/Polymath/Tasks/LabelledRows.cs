namespace Polymath.Tasks;

/// <summary>Rows with class numbers, and the map between numbers and names.</summary>
/// <param name="Rows">The rows, in their order.</param>
/// <param name="Labels">The class of each row.</param>
/// <param name="Map">Class numbers ↔ names.</param>
public sealed record LabelledRows(IReadOnlyList<Row> Rows, int[] Labels, LabelMap Map)
{
    /// <summary>The number of classes.</summary>
    public int Classes => Map.Count;

    /// <summary>Numbers the labels of rows.</summary>
    /// <param name="rows">Rows that all have a label.</param>
    /// <param name="map">A map to use; null makes one from the rows.</param>
    /// <param name="source">The name of the file they come from, for messages.</param>
    /// <exception cref="PolymathException">No rows, a row without a label, a label that the map does not know, or fewer than two classes.</exception>
    public static LabelledRows From(IEnumerable<Row> rows, LabelMap? map = null, string? source = null)
    {
        IReadOnlyList<Row> list = [.. rows];
        if (list.Count == 0) throw new PolymathException(source is null ? "there are no rows; expected at least one row of each of two classes" : $"{source}: there are no rows; expected at least one");
        foreach (var row in list)
            if (row.Label is null) throw new PolymathException($"{(source is null ? "" : $"{source}, ")}line {row.Line}: the row has no label; every row to learn from or to measure on needs one");
            else if (map?.TryGetId(row.Label, out _) == false && source is not null)
                throw new PolymathException($"{source}, line {row.Line}: the task does not know the label '{OneLine.Short(row.Label)}'; it knows {string.Join(", ", map.Names.Take(10).Select(OneLine.Short))}{(map.Count > 10 ? ", …" : "")}");
        map ??= LabelMap.FromLabels(list.Select(row => row.Label!));
        if (map.Count < 2) throw new PolymathException($"{(source is null ? "" : $"{source}: ")}every row has the label '{OneLine.Short(map.Names[0])}'; expected at least two classes");
        return new LabelledRows(list, map.IdsOf(list), map);
    }

    /// <summary>Some of the rows, with the same map.</summary>
    public LabelledRows Take(int[] rows) => new([.. rows.Select(r => Rows[r])], [.. rows.Select(r => Labels[r])], Map);
}
