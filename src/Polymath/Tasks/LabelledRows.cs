using Polymath.Evaluation;

namespace Polymath.Tasks;

/// <summary>Rows to learn from or to measure on, with what is true of each: a class, any number of labels, a number, or a text (<see cref="Row.Label"/>).</summary>
/// <param name="Rows">The rows, in their order.</param>
/// <param name="Labels">The class of each row; empty for other kinds than <see cref="TaskKind.Classification"/>.</param>
/// <param name="Map">Numbers ↔ names of classes or labels; empty for <see cref="TaskKind.Regression"/> and <see cref="TaskKind.Generate"/>.</param>
public sealed record LabelledRows(IReadOnlyList<Row> Rows, int[] Labels, LabelMap Map)
{
    private const int ValueStrata = 5;

    /// <summary>What is true of a row.</summary>
    public TaskKind Kind { get; init; }

    /// <summary>For <see cref="TaskKind.MultiLabel"/> whether a row has a label, [rows, labels], row-major; else empty.</summary>
    public bool[] Marks { get; init; } = [];

    /// <summary>For <see cref="TaskKind.Regression"/> the number of each row; else empty.</summary>
    public double[] Values { get; init; } = [];

    /// <summary>The number of classes or labels.</summary>
    public int Classes => Map.Count;

    /// <summary>Whether rows are pairs of texts.</summary>
    public bool Pairs => Rows.Count > 0 && Rows[0].Pair is not null;

    /// <summary>What a head says of a row: as many numbers as there are classes or labels, or one.</summary>
    internal int Outputs => Kind == TaskKind.Regression ? 1 : Classes;

    /// <summary>What splits keep the shares of: the class, the rarest label of the row, or the fifth of the values.</summary>
    internal int[] Strata => field ??= Kind switch
    {
        TaskKind.MultiLabel => ByRarestLabel(),
        TaskKind.Regression => ByValue(),
        TaskKind.Generate => new int[Rows.Count],
        _ => Labels,
    };

    /// <summary>The group of each row as a number, where some rows belong together; else null.</summary>
    internal int[]? Groups => field ??= Numbered();

    /// <summary>Numbers the classes of rows.</summary>
    /// <param name="rows">Rows that all have a label.</param>
    /// <param name="map">A map to use; null makes one from the rows.</param>
    /// <param name="source">The name of the file they come from, for messages.</param>
    /// <exception cref="PolymathException">No rows, a row without a label, a label that the map does not know, or fewer than two classes.</exception>
    public static LabelledRows From(IEnumerable<Row> rows, LabelMap? map = null, string? source = null) => OfKind(rows, TaskKind.Classification, map, source);

    /// <summary>Reads what is true of each row.</summary>
    /// <param name="rows">Rows with a label each, with labels, or with a number as their label.</param>
    /// <param name="kind">How to read them; null recognises it (see <see cref="TaskKinds.Recognise"/>).</param>
    /// <param name="map">A map to use; null makes one from the rows.</param>
    /// <param name="source">The name of the file they come from, for messages.</param>
    /// <exception cref="PolymathException">No rows, a row without what the kind needs, a label that the map does not know, or nothing to tell apart.</exception>
    public static LabelledRows OfKind(IEnumerable<Row> rows, TaskKind? kind, LabelMap? map = null, string? source = null)
    {
        IReadOnlyList<Row> list = [.. rows];
        if (list.Count == 0) throw new PolymathException(source is null ? "there are no rows; expected at least one row of each of two classes" : $"{source}: there are no rows; expected at least one");
        if (list.FirstOrDefault(row => row.Pair is null != list[0].Pair is null) is { } odd)
            throw Wrong(odd, source, "some rows are pairs of texts and some are single texts; expected one or the other");
        return (kind ?? TaskKinds.Recognise(list)) switch
        {
            TaskKind.Classification => OfClasses(list, map, source),
            TaskKind.MultiLabel => OfLabels(list, map, source),
            TaskKind.Regression => OfValues(list, map is not null, source),
            TaskKind.Generate => OfTexts(list, source),
            var other => throw new PolymathException($"{(source is null ? "" : $"{source}: ")}tasks of kind {other.Name()} are not learned from rows like these; expected {TaskKinds.Known}"),
        };
    }

    /// <summary>Some of the rows, with the same map.</summary>
    public LabelledRows Take(int[] rows) => new([.. rows.Select(r => Rows[r])], Kind == TaskKind.Classification ? [.. rows.Select(r => Labels[r])] : [], Map)
    {
        Kind = Kind,
        Marks = Kind == TaskKind.MultiLabel ? [.. rows.SelectMany(r => Marks[(r * Classes)..((r + 1) * Classes)])] : [],
        Values = Kind == TaskKind.Regression ? [.. rows.Select(r => Values[r])] : [],
    };

    /// <summary>Sets rows apart for measuring. Groups stay whole; else classes, labels or values keep their shares.</summary>
    /// <param name="fraction">The share of rows to set apart; with groups about that.</param>
    /// <param name="seed">Decides which.</param>
    /// <returns>Row numbers in ascending order.</returns>
    /// <exception cref="PolymathException">The fraction is out of range, or leaves one part without rows.</exception>
    public (int[] Train, int[] Test) Split(double fraction, int seed)
    {
        if (Groups is not { } groups) return Splits.Stratified(Strata, fraction, seed);
        var folds = Splits.GroupFolds(Strata, groups, Math.Max(2, (int)Math.Round(1 / fraction)), seed);
        return ([.. Enumerable.Range(0, Rows.Count).Where(row => folds[row] != 0)], [.. Enumerable.Range(0, Rows.Count).Where(row => folds[row] == 0)]);
    }

    /// <summary>Deals the rows out to folds for cross-validation. Groups stay whole; else classes, labels or values keep their shares.</summary>
    /// <param name="folds">The number of folds, at least 2; fewer where there are fewer rows or groups.</param>
    /// <param name="seed">Decides which rows go together.</param>
    /// <returns>The fold of every row, from 0.</returns>
    public int[] Folds(int folds, int seed) => Groups is { } groups
        ? Splits.GroupFolds(Strata, groups, Math.Min(folds, groups.Max() + 1), seed)
        : Splits.Folds(Strata, Math.Min(folds, Rows.Count), seed);

    private static LabelledRows OfClasses(IReadOnlyList<Row> list, LabelMap? map, string? source)
    {
        foreach (var row in list)
            if (row.Label is null) throw Wrong(row, source, "the row has no label; every row to learn from or to measure on needs one");
            else if (map?.TryGetId(row.Label, out _) == false && source is not null) throw Unknown(row, row.Label, map, source);
        map ??= LabelMap.FromLabels(list.Select(row => row.Label!));
        if (map.Count < 2) throw new PolymathException($"{(source is null ? "" : $"{source}: ")}every row has the label '{OneLine.Short(map.Names[0])}'; expected at least two classes");
        return new LabelledRows(list, map.IdsOf(list), map);
    }

    private static LabelledRows OfLabels(IReadOnlyList<Row> list, LabelMap? map, string? source)
    {
        foreach (var row in list)
            if (row.Labels is null) throw Wrong(row, source, "the row has no list of labels; expected one, empty where none applies");
            else if (map is not null && row.Labels.FirstOrDefault(label => !map.TryGetId(label, out _)) is { } unknown) throw Unknown(row, unknown, map, source);
        map ??= LabelMap.FromLabels(list.SelectMany(row => row.Labels!));
        if (map.Count == 0) throw new PolymathException($"{(source is null ? "" : $"{source}: ")}no row has a label; expected some");
        var marks = new bool[list.Count * map.Count];
        for (var r = 0; r < list.Count; r++)
            foreach (var label in list[r].Labels!) marks[r * map.Count + map.IdOf(label)] = true;
        return new LabelledRows(list, [], map) { Kind = TaskKind.MultiLabel, Marks = marks };
    }

    private static LabelledRows OfValues(IReadOnlyList<Row> list, bool measuring, string? source)
    {
        double[] values = [.. list.Select(row => row.Value ?? throw Wrong(row, source, $"{(row.Label is null ? "the row has no value" : $"'{OneLine.Short(row.Label)}' is not a number")}; expected a number such as 3 or -0.5"))];
        if (!measuring && values.All(value => value == values[0])) throw new PolymathException($"{(source is null ? "" : $"{source}: ")}every row has the value {values[0]}; expected different ones");
        return new LabelledRows(list, [], new LabelMap([])) { Kind = TaskKind.Regression, Values = values };
    }

    private static LabelledRows OfTexts(IReadOnlyList<Row> list, string? source)
    {
        foreach (var row in list)
            if (row.Pair is not null) throw Wrong(row, source, "the row is a pair of texts; expected one input, with both texts in it, and its answer");
            else if (string.IsNullOrEmpty(row.Label)) throw Wrong(row, source, "the row has no answer; every row to learn from or to measure on needs one");
        return new LabelledRows(list, [], new LabelMap([])) { Kind = TaskKind.Generate };
    }

    private static PolymathException Wrong(Row row, string? source, string what) => new($"{(source is null ? "" : $"{source}, ")}line {row.Line}: {what}");

    private static PolymathException Unknown(Row row, string label, LabelMap map, string? source) =>
        Wrong(row, source, $"the task does not know the label '{OneLine.Short(label)}'; it knows {string.Join(", ", map.Names.Take(10).Select(OneLine.Short))}{(map.Count > 10 ? ", …" : "")}");

    private int[] ByRarestLabel()
    {
        var counts = new int[Classes];
        for (var i = 0; i < Marks.Length; i++)
            if (Marks[i]) counts[i % Classes]++;
        return [.. Enumerable.Range(0, Rows.Count).Select(r => Enumerable.Range(0, Classes).Where(k => Marks[r * Classes + k]).OrderBy(k => counts[k]).FirstOrDefault(Classes))];
    }

    private int[] ByValue()
    {
        var sorted = SortedValues.Of(Values);
        var strata = new int[Rows.Count];
        for (int start = 0, end; start < strata.Length; start = end)
        {
            for (end = start + 1; end < strata.Length && sorted.Keys[end] == sorted.Keys[start];) end++;
            // Equal values have one stratum, that of their middle.
            for (var i = start; i < end; i++) strata[sorted.Rows[i]] = (int)((start + (long)end) * ValueStrata / (2L * strata.Length + 1));
        }
        return strata;
    }

    private int[]? Numbered()
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var groups = new int[Rows.Count];
        var next = 0;
        for (var r = 0; r < groups.Length; r++)
        {
            if (Rows[r].Group is not { } name) groups[r] = next++;
            else if (!ids.TryGetValue(name, out groups[r])) ids.Add(name, groups[r] = next++);
        }
        return next < groups.Length ? groups : null;
    }
}
