using Polymath.Cli.Common;
using Polymath.Cli.Embedded;
using Polymath.Study;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>The tasks of a study: those that come with the command, or the user's own file.</summary>
internal static class StudyTasks
{
    /// <summary>Reads the embedded tasks of these names, or all.</summary>
    public static IReadOnlyList<StudyTask> Embedded(IReadOnlyList<string> names) =>
        [.. (names.Count == 0 ? EmbeddedTasks.All : names.Select(EmbeddedTasks.Find).Distinct()).Select(Read)];

    /// <summary>Reads the user's file, with rows to measure on where they are given.</summary>
    public static StudyTask Own(Streams streams, string data, string? test, DataOptions options)
    {
        if (data.StartsWith(EmbeddedTasks.Prefix, StringComparison.Ordinal) && test is null) return Read(EmbeddedTasks.Find(data));
        if (TaggedFile.Recognise(data)) return OwnSentences(streams, data, test, options);
        var (rows, file) = Load(streams, data, options);
        var kind = options.Kind ?? TaskKinds.Recognise(rows, file.LabelColumn);
        var labelled = LabelledRows.OfKind(rows, kind, source: file.Name);
        if (test is null) return StudyTask.Of(NameOf(data), labelled) with { Files = [Record(data, file, rows.Count)] };
        var (measured, testFile) = Load(streams, test, options with { Kind = kind });
        var report = Duplicates.Report(rows, measured);
        if (report.Exact + report.Folded > 0)
            streams.Error.WriteLine($"{report.Exact + report.Folded:N0} of {report.TestRows:N0} test rows stand in the training rows too ({report.Conflicts:N0} with another label): the measured numbers flatter");
        return StudyTask.Of(NameOf(data), labelled, LabelledRows.OfKind(measured, kind, labelled.Map, testFile.Name)) with { Files = [Record(data, file, rows.Count), Record(test, testFile, measured.Count)] };
    }

    private static StudyTask OwnSentences(Streams streams, string data, string? test, DataOptions options)
    {
        List<TaggedSentence> Sentences(string path)
        {
            var file = TaggedFile.Open(path, options.SkipBadRows, streams.Input);
            List<TaggedSentence> sentences = [.. file.Sentences()];
            if (file.Skipped > 0) streams.Error.WriteLine($"{file.Skipped:N0} bad sentences were left out; the first: {file.FirstSkipped}");
            return sentences;
        }
        var (own, measured) = (Sentences(data), test is null ? null : Sentences(test));
        return StudyTask.OfSentences(NameOf(data), own, measured) with { Files = [DataFileRecord.Of(data, own.Count), .. measured is null ? Array.Empty<DataFileRecord>() : [DataFileRecord.Of(test!, measured.Count)]] };
    }

    private static (List<Row> Rows, DataFile File) Load(Streams streams, string path, DataOptions options)
    {
        var file = DataFile.Open(path, options, streams.Input);
        var rows = file.ReadAll();
        Models.SaySkipped(streams, file);
        return (rows, file);
    }

    private static StudyTask Read(EmbeddedTask embedded)
    {
        var task = embedded.Kind == TaskKind.TokenClassification ? StudyTask.OfSentences(embedded.Name, embedded.Sentences())
            : StudyTask.Of(embedded.Name, LabelledRows.OfKind(embedded.Rows().ReadAll(), embedded.Kind));
        return task with { Description = embedded.Description, Files = [embedded.Record(task.Rows.Count)] };
    }

    private static DataFileRecord Record(string path, DataFile file, int rows) => DataFileRecord.Of(file.CanReread ? path : "-", rows);

    private static string NameOf(string path) => path == "-" ? "data" : Path.GetFileName(path).Split('.')[0] is { Length: > 0 } name ? name : "data";
}
