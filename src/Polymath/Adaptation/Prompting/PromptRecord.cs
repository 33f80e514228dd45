using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>What a task of the method <c>prompt</c> keeps in <c>task.json</c>.</summary>
/// <param name="Template">How rows become prompts.</param>
/// <param name="Words">Label → words.</param>
/// <param name="Score">How words become a score: <c>sum</c> or <c>mean</c>.</param>
/// <param name="Calibration">How answers are calibrated.</param>
public sealed record PromptRecord(PromptTemplate Template, IReadOnlyDictionary<string, IReadOnlyList<string>> Words, string Score, CalibrationRecord Calibration)
{
    /// <summary>How the rows in <c>demonstrations.json</c> are used; null for none.</summary>
    public DemonstrationRecord? Demonstrations { get; init; }
}

/// <summary>How answers are calibrated, and what was measured to choose that.</summary>
/// <param name="Method">The name of a <see cref="CalibrationMethod"/>, in lower case.</param>
/// <param name="Offsets">What is subtracted from each label's score; empty for none, or where it follows from each row's own demonstrations.</param>
public sealed record CalibrationRecord(string Method, IReadOnlyList<double> Offsets)
{
    /// <summary>Inputs without content, where they are used.</summary>
    public IReadOnlyList<string>? ContentFree { get; init; }

    /// <summary>Rows that chose it.</summary>
    public int Rows { get; init; }

    /// <summary>What was measured on them, no calibration first.</summary>
    public IReadOnlyList<CalibrationTrial> Tried { get; init; } = [];
}

/// <summary>One way to calibrate, measured on training rows that are not shown.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Accuracy">The share of rows answered rightly.</param>
/// <param name="CalibrationError">Expected calibration error (15 bins).</param>
public sealed record CalibrationTrial(string Method, double Accuracy, double CalibrationError);

/// <summary>How demonstrations were or are chosen.</summary>
/// <param name="Method">The name of a <see cref="DemonstrationMethod"/>.</param>
/// <param name="Count">The most that are shown.</param>
/// <param name="Seed">Decided what was drawn.</param>
public sealed record DemonstrationRecord(string Method, int Count, int Seed)
{
    /// <summary>The most tokens that they take together; null for no bound.</summary>
    public int? TokenBudget { get; init; }

    /// <summary>The encoder that chooses for each row; null where every prompt shows the same rows.</summary>
    public BackboneReference? Encoder { get; init; }
}

/// <summary>A row of <c>demonstrations.json</c>.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Label">Its label.</param>
internal sealed record StoredDemonstration(string Text, string Label)
{
    /// <summary>The second text of a pair.</summary>
    public string? Pair { get; init; }

    /// <summary>Further columns that the template reads.</summary>
    public Dictionary<string, string>? Columns { get; init; }

    public static StoredDemonstration Of(Row row, PromptTemplate template)
    {
        var columns = template.Fields().Where(field => field is not ("text" or "text_a" or "text_b")).ToDictionary(field => field, field => PromptTemplate.ValueOf(row, field));
        return new StoredDemonstration(row.Text, row.Label!) { Pair = row.Pair, Columns = columns.Count == 0 ? null : columns };
    }

    public Row ToRow() => new(Text) { Pair = Pair, Label = Label, Columns = Columns is null ? [] : [.. Columns] };
}
