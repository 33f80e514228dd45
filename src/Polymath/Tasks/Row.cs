using System.Globalization;

namespace Polymath.Tasks;

/// <summary>One example of a data file: a text, or a pair of texts, with or without its label.</summary>
/// <param name="Text">The text, or the first text of a pair; never empty.</param>
public sealed record Row(string Text)
{
    /// <summary>The second text of a pair, or null where rows are single texts.</summary>
    public string? Pair { get; init; }

    /// <summary>The label as written in the file, or null where there is none.</summary>
    public string? Label { get; init; }

    /// <summary>The labels of a row that may have any number of them, without repetition; null where a row has one label or none is given.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The label as a number, or null where it is none.</summary>
    public double? Value => double.TryParse(Label, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    /// <summary>What the row belongs together with, such as a conversation: rows of one group are never split between training and measuring. Null for none.</summary>
    public string? Group { get; init; }

    /// <summary>The line of the file on which the row starts, from 1 (of a Parquet file, the row's number from 1); 0 where the row comes from no file.</summary>
    public long Line { get; init; }

    /// <summary>Every column of the input in its order, to be passed through; empty unless <see cref="DataOptions.KeepColumns"/> asks for them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Columns { get; init; } = [];
}
