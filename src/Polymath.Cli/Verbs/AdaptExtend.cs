using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath adapt --extend TASK</c>: more rows, or new classes, for a task of the library.</summary>
internal static class AdaptExtend
{
    private const double HeldOutShare = 0.2;

    /// <summary>How a task was learned is not up for change: only what says where rows come from and how the backbone runs may be given.</summary>
    public static void CheckOptions(ParseResult result, Command command, Settings settings, Option[] own)
    {
        Option[] apply = [.. own, settings.Library, settings.Json, settings.Seed, settings.Model, settings.Precision, settings.Device, settings.Threads, settings.Dedicated, settings.Store, settings.NoStore,
            settings.StoreBytes, settings.TextColumn, settings.PairColumn, settings.LabelColumn, settings.Format, settings.Delimiter, settings.SkipBadRows];
        foreach (var option in command.Options.Except(apply))
            if (result.IsGiven(option)) throw new PolymathException($"{option.Name} does not apply to --extend: the task keeps what it was learned with");
    }

    /// <summary>Extends a task, measures it against what it was, and saves it.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="settings">The verb's options.</param>
    /// <param name="streams">Where to read and write.</param>
    /// <param name="extended">The task to extend.</param>
    /// <param name="name">The name of the extended task; null keeps it.</param>
    /// <param name="data">Its rows.</param>
    /// <param name="test">Rows to measure on; null holds some of the data out.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static async Task<int> RunAsync(ParseResult result, Settings settings, Streams streams, string extended, string? name, string? data, string? test, CancellationToken cancellation)
    {
        if (data is null) throw new PolymathException("--data is missing; expected a file with the rows that the task should learn as well");
        if (name is not null) TaskName.Check(name);
        using var session = await TaskSession.OpenAsync(result, settings, streams, extended, cancellation).ConfigureAwait(false);
        var task = session.Task ?? throw new PolymathException($"task '{extended}' {(session.Writer is null ? "tags words" : "writes texts")}; only tasks with one class a row can be extended, so learn it again from all rows");
        var adds = TaskExtension.AddsRows(task.Artifact);
        var seed = result.GetValue(settings.Seed);
        var rows = Read(result, settings, streams, data, out var file);
        Row[] testRows = test is null ? [] : Read(result, settings, streams, test, out _);
        streams.Error.WriteLine(adds ? $"the rows are added to the {task.Artifact.Training!.Rows:N0} that '{task.Name}' was learned from"
            : $"'{task.Name}' is learned anew from these rows, its old head the start; it was learned from {task.Artifact.Training!.Rows:N0} rows, which should be among them");
        var metric = TaskExtension.MetricOf(task.Artifact);
        var (now, comparison) = await Reporting.WithProgressAsync(streams, progress => Learn(task, name, rows, testRows, metric, seed, streams, progress, cancellation), cancellation).ConfigureAwait(false);
        DataFileRecord[] record = [.. now.Added ? task.Artifact.Training.Data : [], file];
        var kept = now.Task.WithRecord(comparison is null ? new Dictionary<string, double>() : Measured(comparison.All.After, comparison.All.Rows, metric), record);
        using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
        library.Save(kept.Artifact);
        Write(streams, result.GetValue(settings.Json), kept, now, comparison, metric, library);
        return ExitCodes.Ok;
    }

    private static (ExtendedTask Task, ExtensionComparison? Comparison) Learn(
        LearnedTask task, string? name, Row[] rows, Row[] testRows, Metric metric, int seed, Streams streams, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        ExtendedTask Extend(IEnumerable<Row> from) => TaskExtension.Extend(task, from, name, seed, progress, cancellation);
        if (testRows.Length > 0)
        {
            var extended = Extend(rows);
            return (extended, ExtensionComparison.Measure(task, extended.Task, LabelledRows.From(testRows, extended.Task.Labels, "--test"), metric, seed, progress, cancellation));
        }
        var map = TaskExtension.Union(task.Labels, rows);
        var all = LabelledRows.From(rows, map);
        if (all.Labels.GroupBy(label => label).All(group => group.Count() < 2))
        {
            streams.Error.WriteLine("no --test, and no class with two rows: there is nothing to measure on");
            return (Extend(rows), null);
        }
        var (train, held) = all.Split(HeldOutShare, seed);
        streams.Error.WriteLine($"no --test: {held.Length:N0} of the rows are held out for measuring; the task that is kept learns from all of them"
            + (TaskExtension.AddsRows(task.Artifact) ? "" : ". What the task was before may have learned from held-out rows, which flatters it"));
        var measured = Extend(train.Select(row => rows[row]));
        var comparison = ExtensionComparison.Measure(task, measured.Task, LabelledRows.From(held.Select(row => rows[row]), measured.Task.Labels, "the held-out rows"), metric, seed, progress, cancellation);
        return (Extend(rows), comparison);
    }

    private static Row[] Read(ParseResult result, Settings settings, Streams streams, string path, out DataFileRecord record)
    {
        var file = DataFile.Open(path, settings.DataOptions(result, labels: true), streams.Input);
        Row[] rows = [.. file.ReadAll()];
        if (rows.Length == 0) throw new PolymathException($"{file.Name}: there are no rows; expected a header line and at least one row");
        Models.SaySkipped(streams, file);
        record = DataFileRecord.Of(file.CanReread ? path : "-", rows.Length);
        return rows;
    }

    private static Dictionary<string, double> Measured(ConfidenceInterval after, int rows, Metric metric) => new()
    {
        [$"test_{metric.Name()}"] = after.Value,
        [$"test_{metric.Name()}_low"] = after.Low,
        [$"test_{metric.Name()}_high"] = after.High,
        ["test_rows"] = rows,
    };

    private static void Write(Streams streams, bool json, LearnedTask task, ExtendedTask now, ExtensionComparison? comparison, Metric metric, TaskLibrary library)
    {
        static object? Compared(BeforeAndAfter? m) => m is null ? null : new { rows = m.Rows, before = new[] { m.Before.Value, m.Before.Low, m.Before.High }, after = new[] { m.After.Value, m.After.Low, m.After.High }, difference = new[] { m.Difference.Difference, m.Difference.Low, m.Difference.High } };
        if (json)
        {
            streams.WriteJson(new
            {
                task = task.Name,
                method = task.Artifact.Method,
                labels = task.Labels.Names,
                newLabels = now.NewLabels,
                library = library.Folder,
                generation = library.Generation,
                learnedFromRows = task.Artifact.Training?.Rows,
                metric = metric.Name(),
                all = Compared(comparison?.All),
                knownClasses = Compared(comparison?.KnownClasses),
            });
            return;
        }
        if (comparison is not null)
        {
            var rows = new List<string[]> { Line("all", comparison.All) };
            if (comparison.KnownClasses is { } known) rows.Add(Line("of the old classes", known));
            streams.WriteTable(["test rows", ">rows", $">before, {metric.Name()}", ">after", "difference, 95 %"], rows);
        }
        streams.Output.WriteLine($"{now.NewLabels.Count} new class{(now.NewLabels.Count == 1 ? "" : "es")}{(now.NewLabels.Count == 0 ? "" : $": {string.Join(", ", now.NewLabels.Take(12))}{(now.NewLabels.Count > 12 ? ", …" : "")}")}");
        streams.Output.WriteLine($"task '{task.Name}' now knows {task.Labels.Count} classes from {task.Artifact.Training!.Rows:N0} rows; saved in {library.Folder} (generation {library.Generation})");

        static string[] Line(string which, BeforeAndAfter m) =>
            [which, $"{m.Rows:N0}", $"{m.Before.Value:F4}", $"{m.After.Value:F4}", $"{m.Difference.Difference:+0.0000;-0.0000} [{m.Difference.Low:+0.0000;-0.0000}, {m.Difference.High:+0.0000;-0.0000}]"];
    }
}
