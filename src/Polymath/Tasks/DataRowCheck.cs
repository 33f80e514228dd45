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
        string? pair = null, label = null;
        if (columns.Pair >= 0 && !Fits(place, columns.Names[columns.Pair], pair = field(columns.Pair))) return null;
        if (columns.Label >= 0)
        {
            label = field(columns.Label);
            if (string.IsNullOrWhiteSpace(label)) label = null;
            if (label is null && options.LabelRequired)
            {
                Bad($"{place}, column {columns.Names[columns.Label]}", "the label is empty; expected the name of a class");
                return null;
            }
        }
        return new Row(text!) { Pair = pair, Label = label, Line = line, Columns = options.KeepColumns ? Kept(columns, field) : [] };
    }

    private bool Fits(string place, string column, string? text)
    {
        var what = text switch
        {
            null => "there is no text; expected some",
            _ when options.AnyText => null,
            _ when string.IsNullOrWhiteSpace(text) => "the text is empty; expected some",
            { Length: > MaxTextLength } => $"the text has {text.Length} characters; expected {MaxTextLength} at most",
            _ when text.Contains('\0') => "the text holds a NUL character; expected plain text",
            _ => null,
        };
        if (what is not null) Bad($"{place}, column {OneLine.Short(column)}", what);
        return what is null;
    }

    private static KeyValuePair<string, string>[] Kept(DataColumns columns, Func<int, string?> field)
    {
        var kept = new KeyValuePair<string, string>[columns.Names.Count];
        for (var at = 0; at < kept.Length; at++) kept[at] = new(columns.Names[at], field(at) ?? "");
        return kept;
    }
}
