using System.Security.Cryptography;
using System.Text;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>A task that methods are compared on: rows, what is true of them, and how they are parted.</summary>
public sealed record StudyTask
{
    /// <summary>Its name; file names and options use it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is about, in a sentence; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>What is predicted.</summary>
    public required TaskKind Kind { get; init; }

    /// <summary>All rows; where there is a test file its rows come last.</summary>
    public required IReadOnlyList<Row> Rows { get; init; }

    /// <summary>What is true of each row.</summary>
    public required IReadOnlyList<RowAnswer> Truth { get; init; }

    /// <summary>Names of classes, labels or tags by id; empty for regression.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>How many of the last rows are the test rows; 0 where rows are cross-validated.</summary>
    public int TestRows { get; init; }

    /// <summary>Rows of one group never stand on both sides of a split, and are drawn together by the bootstrap; null where every row is its own.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Where the rows came from.</summary>
    public IReadOnlyList<DataFileRecord> Files { get; init; } = [];

    /// <summary>Whether rows are pairs of texts.</summary>
    public bool Pairs => Rows.Count > 0 && Rows[0].Pair is not null;

    /// <summary>SHA-256 over kind, labels, rows, truth and parting: a finished cell counts only for the very same task.</summary>
    public string Hash => field ??= ComputeHash();

    /// <summary>A single-label task from labelled rows.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rows">Rows to learn from; they are cross-validated where there are no test rows.</param>
    /// <param name="test">Rows to measure on, or null.</param>
    /// <param name="source">The name of the file, for messages.</param>
    /// <param name="testSource">The name of the test file, for messages.</param>
    /// <exception cref="PolymathException">No rows, a row without a label, one class only.</exception>
    public static StudyTask Classification(string name, IEnumerable<Row> rows, IEnumerable<Row>? test = null, string? source = null, string? testSource = null)
    {
        var data = LabelledRows.From(rows, source: source);
        var measured = test is null ? null : LabelledRows.From(test, data.Map, testSource ?? "test rows");
        return new StudyTask
        {
            Name = name,
            Kind = TaskKind.Classification,
            Rows = [.. data.Rows, .. measured?.Rows ?? []],
            Truth = [.. data.Labels.Concat(measured?.Labels ?? []).Select(label => RowAnswer.OfClass(label))],
            Labels = data.Map.Names,
            TestRows = measured?.Rows.Count ?? 0,
        };
    }

    private string ComputeHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length)); // the length keeps ("a", "bc") and ("ab", "c") apart
            hash.AppendData(bytes);
        }
        Add($"{Kind} {TestRows}");
        foreach (var label in Labels) Add(label);
        for (var r = 0; r < Rows.Count; r++)
        {
            Add(Rows[r].Text);
            Add(Rows[r].Pair ?? "");
            Add($"{string.Join(',', Truth[r].Ids)};{string.Join(',', Truth[r].Numbers)};{Groups?[r]}");
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
