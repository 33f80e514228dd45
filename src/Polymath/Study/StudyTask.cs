using System.Security.Cryptography;
using System.Text;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>A task that methods are compared on: rows, what is true of them, and how they are parted.</summary>
public sealed record StudyTask
{
    private StudyTask(string name, TaskKind kind, IReadOnlyList<Row> rows, IReadOnlyList<string> labels, IReadOnlyList<RowAnswer> truth, int testRows) =>
        (Name, Kind, Rows, Labels, Truth, TestRows) = (name, kind, rows, labels, truth, testRows);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it is about, in a sentence; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Where the rows came from.</summary>
    public IReadOnlyList<DataFileRecord> Files { get; init; } = [];

    /// <summary>What is predicted.</summary>
    public TaskKind Kind { get; }

    /// <summary>All rows; where there are test rows they come last.</summary>
    public IReadOnlyList<Row> Rows { get; }

    /// <summary>What is true of each row.</summary>
    public IReadOnlyList<RowAnswer> Truth { get; }

    /// <summary>Names of classes, labels or tags by id; empty for regression.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>How many of the last rows are the test rows; 0 where rows are cross-validated.</summary>
    public int TestRows { get; }

    /// <summary>The rows with their classes, labels or values; null for tagging.</summary>
    public LabelledRows? Data { get; private init; }

    /// <summary>The sentences with their tags; empty for other kinds.</summary>
    public IReadOnlyList<TaggedSentence> Sentences { get; private init; } = [];

    /// <summary>Whether rows are pairs of texts.</summary>
    public bool Pairs => Data?.Pairs == true;

    /// <summary>SHA-256 over kind, labels, rows, truth and parting: a finished cell counts only for the very same task.</summary>
    public string Hash => field ??= ComputeHash();

    /// <summary>A task of classes, labels or values.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="data">Rows to learn from; they are cross-validated where there are no test rows.</param>
    /// <param name="test">Rows to measure on, read with the map of <paramref name="data"/>; or null.</param>
    public static StudyTask Of(string name, LabelledRows data, LabelledRows? test = null)
    {
        var all = test is null ? data : data with { Rows = [.. data.Rows, .. test.Rows], Labels = [.. data.Labels, .. test.Labels], Marks = [.. data.Marks, .. test.Marks], Values = [.. data.Values, .. test.Values] };
        return new StudyTask(name, data.Kind, all.Rows, all.Map.Names, [.. Enumerable.Range(0, all.Rows.Count).Select(row => TruthOf(all, row))], test?.Rows.Count ?? 0) { Data = all };
    }

    /// <summary>A task of tagged words.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="sentences">Sentences to learn from, with tags.</param>
    /// <param name="test">Sentences to measure on; or null.</param>
    /// <exception cref="PolymathException">A sentence without tags, or no span at all.</exception>
    public static StudyTask OfSentences(string name, IReadOnlyList<TaggedSentence> sentences, IReadOnlyList<TaggedSentence>? test = null)
    {
        IReadOnlyList<TaggedSentence> all = [.. sentences, .. test ?? []];
        var tags = Tagger.Check(all);
        int Id(string tag) => tags.TryGetId(tag, out var id) ? id : 0;
        return new StudyTask(name, TaskKind.TokenClassification, [.. all.Select(sentence => new Row(sentence.Text) { Line = sentence.Line })], tags.Names,
            [.. all.Select(sentence => new RowAnswer([.. sentence.Tags!.Select(Id)], []))], test?.Count ?? 0)
        { Sentences = all };
    }

    private static RowAnswer TruthOf(LabelledRows data, int row) => data.Kind switch
    {
        TaskKind.Classification => RowAnswer.OfClass(data.Labels[row]),
        TaskKind.Regression => RowAnswer.OfValue(data.Values[row]),
        _ => new RowAnswer([.. Enumerable.Range(0, data.Classes).Where(label => data.Marks[row * data.Classes + label])], []),
    };

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
            Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{string.Join(',', Truth[r].Ids)};{(Truth[r].Numbers.Length > 0 ? Truth[r].Numbers[0] : 0):R};{Rows[r].Group}"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
