using Polymath.Cli.Common;
using Polymath.Cli.Embedded;
using Polymath.Study;
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
        var (rows, file) = Load(streams, data, options);
        if (test is null) return StudyTask.Classification(NameOf(data), rows, source: file.Name) with { Files = [DataFileRecord.Of(file.CanReread ? data : "-", rows.Count)] };
        var (measured, testFile) = Load(streams, test, options);
        var report = Duplicates.Report(rows, measured);
        if (report.Exact + report.Folded > 0)
            streams.Error.WriteLine($"{report.Exact + report.Folded:N0} of {report.TestRows:N0} test rows stand in the training rows too ({report.Conflicts:N0} with another label): the measured numbers flatter");
        return StudyTask.Classification(NameOf(data), rows, measured, file.Name, testFile.Name) with
        {
            Files = [DataFileRecord.Of(file.CanReread ? data : "-", rows.Count), DataFileRecord.Of(testFile.CanReread ? test : "-", measured.Count)],
        };
    }

    private static (List<Row> Rows, DataFile File) Load(Streams streams, string path, DataOptions options)
    {
        var file = DataFile.Open(path, options, streams.Input);
        var rows = file.ReadAll();
        Models.SaySkipped(streams, file);
        return (rows, file);
    }

    private static StudyTask Read(EmbeddedTask task)
    {
        var rows = task.File(new DataOptions { LabelRequired = true }).ReadAll();
        return StudyTask.Classification(task.Name, rows) with { Description = task.Description, Files = [new DataFileRecord(task.Resource, null, rows.Count)] };
    }

    private static string NameOf(string path) => path == "-" ? "data" : Path.GetFileName(path).Split('.')[0] is { Length: > 0 } name ? name : "data";
}
