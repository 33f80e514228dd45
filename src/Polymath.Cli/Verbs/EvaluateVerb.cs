using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;
using Polymath.Tasks.Scope;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath evaluate</c>: a task, or a model's own head, on labelled rows; every number with its interval.</summary>
internal static class EvaluateVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var task = new Option<string?>("--task", "-t") { Description = "A learned task; without it the model's own head is measured" };
        var data = new Option<string>("--data", "-d") { Description = "File of labelled rows, or - for standard input", Required = true };
        var outOfScope = new Option<string?>("--out-of-scope") { Description = "File of rows that belong to none of the classes: measures how well the task tells them" };
        var confusion = new Option<bool>("--confusion") { Description = "Show the confusion matrix as well" };
        var writing = new WritingChoices(kept: false);
        var command = Verb.Create("evaluate", "Measure a learned task, or a model's own head, on labelled rows.",
            "polymath evaluate --task question-type --data test.csv --json",
            "polymath evaluate --task intent --data test.csv --out-of-scope strange.csv",
            "polymath evaluate --model ./sentiment-model --data reviews.csv");
        command.Takes(task, settings.Library, data, outOfScope, confusion, settings.Json, settings.Seed);
        command.Takes([.. writing.All]);
        settings.AddBackboneOptions(command, reading: false);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            using var session = await TaskSession.OpenAsync(result, settings, streams, result.GetValue(task), cancellation).ConfigureAwait(false);
            var kind = session.Kind;
            var strange = result.GetValue(outOfScope);
            if (session.Tagger is { } tagger)
            {
                if (strange is not null) throw new PolymathException($"--out-of-scope does not apply to task '{tagger.Name}', which finds spans of words");
                var found = TaggingAnswers.Evaluate(tagger, streams, result.GetValue(data)!, result.GetValue(settings.SkipBadRows), cancellation);
                Measures.Write(streams, result.GetValue(settings.Json), kind, found, found.Kinds, (ulong)result.GetValue(settings.Seed), result.GetValue(confusion));
                return ExitCodes.Ok;
            }
            if (session.Writer is { } writer)
            {
                if (strange is not null) throw new PolymathException($"--out-of-scope does not apply to task '{writer.Name}', which writes texts");
                var written = await Reporting.WithProgressAsync(streams, progress => WrittenAnswers.Evaluate(writer, streams, result.GetValue(data)!, settings.DataOptions(result, labels: true) with { Kind = kind },
                    writing.Writing(result, writer, result.GetValue(settings.Seed)), progress, cancellation), cancellation).ConfigureAwait(false);
                session.SayCut(streams);
                Measures.Write(streams, result.GetValue(settings.Json), kind, written, [], (ulong)result.GetValue(settings.Seed), result.GetValue(confusion));
                return ExitCodes.Ok;
            }
            if (writing.All.FirstOrDefault(result.IsGiven) is { } stray) throw new PolymathException($"{stray.Name} applies to tasks that write texts, and this one does not");
            if (strange is not null && session.Task?.Scope is null)
                throw new PolymathException($"{(session.Task is { } without ? $"task '{without.Name}'" : "the model's own head")} does not tell rows that are out of its scope; adapt a task with --out-of-scope");
            if (kind == TaskKind.TokenClassification)
                throw new PolymathException($"{session.Config!.Source}: evaluate measures heads that give a row one label, several, or a number; polymath predict shows what this head says");
            var file = DataFile.Open(result.GetValue(data)!, settings.DataOptions(result, labels: true) with { Kind = kind }, streams.Input);
            var rows = file.ReadAll();
            var labels = session.Task?.Labels ?? new LabelMap(kind == TaskKind.Regression ? [] : session.Config!.Labels);
            var numbered = LabelledRows.OfKind(rows, kind, labels, file.Name);
            var outcomes = await Reporting.WithProgressAsync(streams, progress => session.Task is { } learned ? learned.Measure(numbered, progress, cancellation)
                : TaskMetrics.Score(numbered, [.. session.Head!.Score(rows, progress, cancellation).SelectMany(answer => answer.Scores)]), cancellation).ConfigureAwait(false);
            session.SayCut(streams);
            Models.SaySkipped(streams, file);
            var scope = strange is null ? null : await Reporting.WithProgressAsync(streams, progress => MeasureScope(session.Task!, rows, strange, settings.DataOptions(result, labels: false) with { LabelColumn = null }, streams, progress, cancellation), cancellation).ConfigureAwait(false);
            Measures.Write(streams, result.GetValue(settings.Json), kind, outcomes, labels.Names, (ulong)result.GetValue(settings.Seed), result.GetValue(confusion), scope);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static ScopeReport MeasureScope(LearnedTask task, List<Row> rows, string path, DataOptions options, Streams streams, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        var strange = DataFile.Open(path, options, streams.Input).ReadAll();
        return task.Scope!.Measure(task.ScoreScope(rows, progress, cancellation), task.ScoreScope(strange, progress, cancellation));
    }
}
