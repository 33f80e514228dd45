using Polymath.Cli.Common;
using Polymath.Cli.Embedded;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>The rows that adapt works with: what to learn from, what to measure on, and what to say about them.</summary>
internal sealed record AdaptPlan(LabelledRows Train, LabelledRows? Test, LabelledRows? HeldOut, IReadOnlyList<DataFileRecord> Files, IReadOnlyList<string> Notes)
{
    private const double HeldOutShare = 0.2;

    /// <summary>Label → description, where nothing is learned from rows.</summary>
    public IReadOnlyDictionary<string, string>? Descriptions { get; private init; }

    /// <summary>Reads the files; without a test file a fifth of the rows is held out for measuring.</summary>
    public static AdaptPlan Read(Streams streams, string? data, string? test, DataOptions options, int seed)
    {
        var notes = new List<string>();
        var files = new List<DataFileRecord>();
        var (rows, column) = Load(streams, data, options, files, notes);
        var kind = options.Kind ?? TaskKinds.Recognise(rows, column);
        var all = LabelledRows.OfKind(rows, kind, source: data == "-" ? "standard input" : data ?? "embedded:intent");
        if (data is null) notes.Add($"no --data: learning the embedded task intent, {rows.Count} messages to the support of a small software company in {all.Classes} classes");
        if (kind != TaskKind.Classification) notes.Add($"{(options.Kind is null ? "recognised as" : "kind")} {kind.Name()}{(options.Kind is null ? "; --kind says otherwise" : "")}");
        else if (options.Kind is null && all.Classes > 10 && rows.All(row => row.Value is not null)) notes.Add("the labels are numbers, read as names of classes; --kind regression reads them as amounts");
        if (test is not null)
        {
            var (testRows, _) = Load(streams, test, options with { Kind = kind }, files, notes);
            var report = Duplicates.Report(rows, testRows);
            if (report.Exact + report.Folded > 0)
                notes.Add($"{report.Exact + report.Folded:N0} of {report.TestRows:N0} test rows stand in the training rows too ({report.Conflicts:N0} with another label): the measured number flatters");
            return new AdaptPlan(all, LabelledRows.OfKind(testRows, kind, all.Map, test), null, files, [.. notes, Counts(all)]);
        }
        if (kind == TaskKind.Classification)
        {
            if (all.Classes == rows.Count) throw new PolymathException($"{data}: every class has one row, so none can be held out for measuring; expected more rows, or rows to measure on with --test");
            if (all.Map.CountsOf(all.Labels).Min() < 2) notes.Add("a class has only one row: it cannot be measured");
        }
        var (train, held) = all.Split(HeldOutShare, seed);
        notes.Add($"no --test: {held.Length:N0} of the rows are held out for measuring; the task that is kept learns from all of them");
        return new AdaptPlan(all.Take(train), all.Take(held), all, files, [.. notes, Counts(all)]);
    }

    /// <summary>Labels by name, without rows to learn from.</summary>
    public static AdaptPlan WithoutTraining(Streams streams, string? labels, string? test, DataOptions options)
    {
        var described = Describe(labels ?? throw new PolymathException("--labels is missing; expected labels separated by commas, or a file with a label and its description in each row"));
        var map = LabelMap.FromLabels(described.Keys);
        var files = new List<DataFileRecord>();
        var notes = new List<string>();
        LabelledRows? measured = test is null ? null : LabelledRows.From(Load(streams, test, options, files, notes).Rows, map, test);
        return new AdaptPlan(new LabelledRows([], [], map), measured, null, files, notes) { Descriptions = described };
    }

    /// <summary>Notes go to stderr.</summary>
    public void Say(Streams streams)
    {
        foreach (var note in Notes) streams.Error.WriteLine(note);
    }

    private static (List<Row> Rows, string? LabelColumn) Load(Streams streams, string? path, DataOptions options, List<DataFileRecord> files, List<string> notes)
    {
        var embedded = path is null ? EmbeddedTasks.Find("intent") : path.StartsWith(EmbeddedTasks.Prefix, StringComparison.Ordinal) ? EmbeddedTasks.Find(path) : null;
        if (embedded?.Kind == TaskKind.TokenClassification) throw new PolymathException($"{path}: this task tags words; it is learned with the methods features and tfidf");
        var file = embedded?.Rows() ?? DataFile.Open(path!, options, streams.Input);
        var rows = file.ReadAll();
        if (rows.Count == 0) throw new PolymathException($"{file.Name}: there are no rows; expected a header line and at least one row of each of two classes");
        if (Models.Skipped(file) is { } skipped) notes.Add(skipped);
        files.Add(embedded is not null ? embedded.Record(rows.Count) : DataFileRecord.Of(file.CanReread ? path! : "-", rows.Count));
        return (rows, file.LabelColumn);
    }

    /// <summary>What was read, in one line.</summary>
    private static string Counts(LabelledRows rows)
    {
        var what = $"{rows.Rows.Count:N0} {(rows.Pairs ? "pairs" : "rows")}";
        var groups = rows.Rows.Select(row => row.Group).OfType<string>().Distinct().Count() is > 0 and var count ? $"; {count:N0} groups are never split" : "";
        if (rows.Kind == TaskKind.Generate) return $"{what}, {rows.Rows.Select(row => row.Label).Distinct(StringComparer.Ordinal).Count():N0} different answers of {rows.Rows.Average(row => row.Label!.Length):F0} characters on average{groups}";
        if (rows.Kind == TaskKind.Regression) return $"{what}, numbers from {rows.Values.Min():G4} to {rows.Values.Max():G4}, mean {rows.Values.Average():G4}{groups}";
        var counts = rows.Kind == TaskKind.MultiLabel ? [.. Enumerable.Range(0, rows.Classes).Select(k => rows.Rows.Count(row => row.Labels!.Contains(rows.Map.Names[k])))] : rows.Map.CountsOf(rows.Labels);
        var listed = rows.Classes > 12 ? $"smallest {counts.Min():N0}, largest {counts.Max():N0}" : string.Join(", ", rows.Map.Names.Select((name, k) => $"{name} {counts[k]:N0}"));
        var several = rows.Kind == TaskKind.MultiLabel ? $" ({(double)counts.Sum() / rows.Rows.Count:F1} a row, {rows.Rows.Count(row => row.Labels!.Count == 0):N0} rows without any)" : "";
        return $"{what}, {rows.Classes} {(rows.Kind == TaskKind.MultiLabel ? "labels" : "classes")}{several}: {listed}{groups}";
    }

    private static Dictionary<string, string> Describe(string labels)
    {
        if (!File.Exists(labels)) return labels.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToDictionary(label => label, label => label);
        return DataFile.Open(labels, new DataOptions { LabelRequired = true }).Rows().GroupBy(row => row.Label!).ToDictionary(group => group.Key, group => string.Join(' ', group.Select(row => row.Text)));
    }
}
