using System.Globalization;

namespace Polymath.Tasks;

/// <summary>
/// The names of a task's classes in the order of their ids (0, 1, …). Made from the labels of training data, the order depends on the set
/// of names alone: by number where every name is one, else by code units.
/// </summary>
public sealed class LabelMap
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    /// <summary>Takes the names in the order given.</summary>
    /// <exception cref="PolymathException">A name is empty or given twice.</exception>
    public LabelMap(IEnumerable<string> names)
    {
        Names = [.. names];
        for (var id = 0; id < Names.Count; id++)
        {
            if (string.IsNullOrWhiteSpace(Names[id])) throw new PolymathException($"label {id} is empty; expected a name for every class");
            if (!_ids.TryAdd(Names[id], id)) throw new PolymathException($"label '{OneLine.Short(Names[id])}' is given twice; expected every class once");
        }
    }

    /// <summary>The names in the order of their ids.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of classes.</summary>
    public int Count => Names.Count;

    /// <summary>The distinct labels in order: 2 before 10 where all are numbers, else ordinal.</summary>
    /// <exception cref="PolymathException">A label is empty.</exception>
    public static LabelMap FromLabels(IEnumerable<string> labels)
    {
        string[] names = [.. labels.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var numbers = Array.ConvertAll(names, Number);
        // A stable order on top of the ordinal one keeps "1" and "1.0" apart in a fixed order.
        return new LabelMap(numbers.Length > 0 && numbers.All(number => number is not null)
            ? Enumerable.Range(0, names.Length).OrderBy(at => numbers[at]).Select(at => names[at])
            : names);
    }

    /// <summary>The classes of rows to train on.</summary>
    /// <param name="rows">The rows, each with its label.</param>
    /// <param name="file">The name of their file, for messages.</param>
    /// <exception cref="PolymathException">A row has no label, or there are fewer than two classes.</exception>
    public static LabelMap ForTraining(IReadOnlyCollection<Row> rows, string file)
    {
        if (rows.FirstOrDefault(row => string.IsNullOrWhiteSpace(row.Label)) is { } bare)
            throw new PolymathException($"{file}, line {bare.Line}: there is no label; expected one for every row to train on");
        var map = FromLabels(rows.Select(row => row.Label!));
        return map.Count >= 2 ? map : throw new PolymathException(map.Count == 0
            ? $"{file}: there are no rows; expected at least two classes to tell apart"
            : $"{file}: all {rows.Count} rows have the label '{OneLine.Short(map.Names[0])}'; expected at least two classes to tell apart");
    }

    /// <summary>The id of a class.</summary>
    /// <exception cref="PolymathException">The task has no such class.</exception>
    public int IdOf(string name) => _ids.TryGetValue(name, out var id)
        ? id
        : throw new PolymathException($"there is no class '{OneLine.Short(name)}'; the classes are {string.Join(", ", Names.Take(20).Select(OneLine.Short))}{(Count > 20 ? $" and {Count - 20} more" : "")}");

    /// <summary>The id of a class, or false where there is no such class.</summary>
    public bool TryGetId(string name, out int id) => _ids.TryGetValue(name, out id);

    /// <summary>The ids of the rows' labels.</summary>
    /// <exception cref="PolymathException">A row has no label or one that is not a class.</exception>
    public int[] IdsOf(IEnumerable<Row> rows) => [.. rows.Select(row =>
        row.Label is { } label && TryGetId(label, out var id) ? id
        : throw new PolymathException($"line {row.Line}: {(row.Label is null ? "no label" : $"label '{OneLine.Short(row.Label)}'")}; expected one of the classes {string.Join(", ", Names.Take(10).Select(OneLine.Short))}{(Count > 10 ? ", …" : "")}"))];

    /// <summary>How many rows each class has, by id.</summary>
    /// <param name="ids">Class ids, 0 to <see cref="Count"/> − 1.</param>
    public int[] CountsOf(IEnumerable<int> ids)
    {
        var counts = new int[Count];
        foreach (var id in ids) counts[id]++;
        return counts;
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
