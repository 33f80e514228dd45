using System.Text.Json;

namespace Polymath.Tasks;

/// <summary>Names of kinds, and how the kind of a task is told by its rows.</summary>
public static class TaskKinds
{
    /// <summary>With fewer different values than this, numbers may as well be the names of classes.</summary>
    private const int LeastValues = 10;

    internal const string Known = "classification, multi-label or regression";

    /// <summary>Says that a head on features cannot learn what rows say.</summary>
    /// <exception cref="PolymathException">The rows are answered with texts.</exception>
    internal static void RequireHead(this LabelledRows rows)
    {
        if (rows.Kind == TaskKind.Generate) throw new PolymathException("rows that are answered with texts are learned by a language model that writes, not by a head; expected " + Known);
    }

    /// <summary>The name used on the command line and in files, such as multi-label.</summary>
    public static string Name(this TaskKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    /// <summary>The kind of a name.</summary>
    /// <exception cref="PolymathException">There is no kind of that name.</exception>
    public static TaskKind Parse(string name) => Enum.GetValues<TaskKind>().Cast<TaskKind?>().FirstOrDefault(kind => kind!.Value.Name() == name)
        ?? throw new PolymathException($"kind '{OneLine.Short(name)}' is not known; expected {Known}");

    /// <summary>
    /// The kind of task that rows are for, where they leave no doubt: several labels where a row has a list of none, of two or more, or a JSON array;
    /// numbers where the column says so (<c>value</c>, <c>score</c>) or where all labels are numbers, some with a fraction, and more than ten differ;
    /// else classes.
    /// </summary>
    /// <param name="rows">Labelled rows.</param>
    /// <param name="labelColumn">The name of the column that their labels come from, where known (<see cref="DataFile.LabelColumn"/>).</param>
    public static TaskKind Recognise(IReadOnlyList<Row> rows, string? labelColumn = null)
    {
        if (rows.Any(row => row.Labels is { } labels && (labels.Count != 1 || row.Label is null || DataLabels.IsArray(row.Label)))) return TaskKind.MultiLabel;
        if (rows.Count == 0 || rows.Any(row => row.Value is null)) return TaskKind.Classification;
        return NamesNumbers(labelColumn) || (rows.Any(row => row.Value % 1 != 0) && rows.Select(row => row.Value).Distinct().Count() > LeastValues)
            ? TaskKind.Regression
            : TaskKind.Classification;
    }

    internal static bool NamesNumbers(string? column) => column?.Trim().ToLowerInvariant() is "value" or "score";
}
