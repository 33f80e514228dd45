namespace Polymath.Tasks;

/// <summary>How a data file is to be read. Whatever is left out is found out from the file.</summary>
public sealed record DataOptions
{
    /// <summary>The format; by default told from the file's extension (also before <c>.gz</c>), else from its first line.</summary>
    public DataFormat? Format { get; init; }

    /// <summary>The column that holds the text; by default a column with a usual name such as text, sentence, question or text_a.</summary>
    public string? TextColumn { get; init; }

    /// <summary>The column that holds the second text of a pair; by default the partner of the text column (text_a and text_b, sentence1 and sentence2, …).</summary>
    public string? PairColumn { get; init; }

    /// <summary>The column that holds the label; by default a column with a usual name such as label, class, category, intent, target, labels or value.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>
    /// What the label column holds: a class, any number of labels (a JSON array, or names separated by <c>;</c>), a number, or a text that answers
    /// the input (then columns named input and output, source and target, prompt and completion are found as well). By default told by
    /// the column: <c>labels</c> or a JSON array holds several, <c>value</c> and <c>score</c> hold numbers, anything else a class.
    /// </summary>
    public TaskKind? Kind { get; init; }

    /// <summary>The column of rows that belong together; by default one named group.</summary>
    public string? GroupColumn { get; init; }

    /// <summary>The delimiter of a CSV or TSV file; by default a comma or a tab.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Whether every row must have a label, as for training and evaluation.</summary>
    public bool LabelRequired { get; init; }

    /// <summary>Whether bad rows are counted and left out instead of ending the reading with an error.</summary>
    public bool SkipBadRows { get; init; }

    /// <summary>Whether rows carry every column of the input (<see cref="Row.Columns"/>).</summary>
    public bool KeepColumns { get; init; }

    /// <summary>Whether a text may be empty, white space, or hold NUL characters, as when texts are only tokenized.</summary>
    public bool AnyText { get; init; }
}
