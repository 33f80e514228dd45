namespace Polymath.Tasks;

/// <summary>
/// What every format's rows must satisfy, and what happens to those that do not: an error of one line, or, where the caller asked for it,
/// a count and the first message.
/// </summary>
internal sealed class DataRowCheck(string file, DataOptions options)
{
    /// <summary>Longer texts are taken for a broken file: an unclosed quote or a missing line break.</summary>
    public const int MaxTextLength = 10_000_000;

    /// <summary>The largest record a reader gathers in memory, in bytes; nothing a text of the greatest length does not fit into.</summary>
    public const int MaxRecordBytes = 64 << 20;

    public string File => file;

    public DataOptions Options => options;

    /// <summary>Whether a label written as a JSON array is several labels, as in JSON Lines.</summary>
    public bool ArraysAreLabels { get; init; }

    /// <summary>The name of the label column, once a row was seen.</summary>
    public string? LabelColumn { get; private set; }

    public int Skipped { get; private set; }

    public string? FirstSkipped { get; private set; }

    /// <summary>Reports a bad row. Returns only where bad rows are to be left out.</summary>
    /// <param name="where">Such as "line 17, column label".</param>
    /// <param name="what">What is wrong and what was expected.</param>
    public void Bad(string where, string what)
    {
        if (!options.SkipBadRows) throw new PolymathException($"{file}, {where}: {what}; use --skip-bad-rows to leave such rows out");
        Skipped++;
        FirstSkipped ??= $"{where}: {what}";
    }

    /// <summary>The row, or null where it is bad and left out.</summary>
    /// <param name="place">"line 17" or "row 17".</param>
    /// <param name="line">The row's number for <see cref="Row.Line"/>.</param>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="field">The value of a column by index, or null where it has none.</param>
    public Row? Make(string place, long line, DataColumns columns, Func<int, string?> field)
    {
        var text = field(columns.Text);
        if (!Fits(place, columns.Names[columns.Text], text)) return null;
        string? pair = null;
        if (columns.Pair >= 0 && !Fits(place, columns.Names[columns.Pair], pair = field(columns.Pair))) return null;
        var row = new Row(text!) { Pair = pair, Line = line, Columns = options.KeepColumns ? Kept(columns, field) : [] };
        if (columns.Group >= 0 && field(columns.Group) is { } group && !string.IsNullOrWhiteSpace(group)) row = row with { Group = group };
        LabelColumn ??= columns.Label < 0 ? null : columns.Names[columns.Label];
        return columns.Label < 0 ? row : Labelled(place, columns, row, field(columns.Label));
    }

    /// <summary>The row with what its label column holds, read as what the caller or the column's name says it is.</summary>
    private Row? Labelled(string place, DataColumns columns, Row row, string? label)
    {
        if (string.IsNullOrWhiteSpace(label)) label = null;
        var kind = options.Kind ?? (ArraysAreLabels && DataLabels.IsArray(label) ? TaskKind.MultiLabel : columns.NamedKind);
        string? what = null;
        if (kind == TaskKind.MultiLabel)
        {
            // No label at all is an answer, but only where a row must have one is it known to be meant.
            if (DataLabels.Read(label, out what) is { } labels && (label is not null || options.LabelRequired)) row = row with { Labels = labels };
        }
        else if (kind == TaskKind.Generate) what = label is null ? "the answer is empty; expected a text" : Wrong(label);
        else if (label is null) what = kind == TaskKind.Regression ? "the value is empty; expected a number" : "the label is empty; expected the name of a class";
        row = row with { Label = label };
        if (kind == TaskKind.Regression && label is not null && row.Value is null)
            what = $"'{OneLine.Short(label)}' is not a number; expected one such as 3 or -0.5{(options.Kind is null ? ", or --kind classification for classes" : "")}";
        if (what is null || !options.LabelRequired) return row;
        Bad($"{place}, column {OneLine.Short(columns.Names[columns.Label])}", what);
        return null;
    }

    private bool Fits(string place, string column, string? text)
    {
        var what = text switch
        {
            null => "there is no text; expected some",
            _ when options.AnyText => null,
            _ when string.IsNullOrWhiteSpace(text) => "the text is empty; expected some",
            _ => Wrong(text),
        };
        if (what is not null) Bad($"{place}, column {OneLine.Short(column)}", what);
        return what is null;
    }

    private static string? Wrong(string text) => text.Length > MaxTextLength ? $"the text has {text.Length} characters; expected {MaxTextLength} at most"
        : text.Contains('\0') ? "the text holds a NUL character; expected plain text" : null;

    private static KeyValuePair<string, string>[] Kept(DataColumns columns, Func<int, string?> field)
    {
        var kept = new KeyValuePair<string, string>[columns.Names.Count];
        for (var at = 0; at < kept.Length; at++) kept[at] = new(columns.Names[at], field(at) ?? "");
        return kept;
    }
}
