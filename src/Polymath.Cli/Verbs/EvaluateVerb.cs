using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath evaluate</c>: a task, or a model's own head, on labelled rows; every number with its interval.</summary>
internal static class EvaluateVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var task = new Option<string?>("--task", "-t") { Description = "A learned task; without it the model's own head is measured" };
        var data = new Option<string>("--data", "-d") { Description = "File of labelled rows, or - for standard input", Required = true };
        var confusion = new Option<bool>("--confusion") { Description = "Show the confusion matrix as well" };
        var command = Verb.Create("evaluate", "Measure a learned task, or a model's own head, on labelled rows.",
            "polymath evaluate --task question-type --data test.csv --json",
            "polymath evaluate --model ./sentiment-model --data reviews.csv");
        command.Takes(task, settings.Library, data, confusion, settings.Json, settings.Seed);
        settings.AddBackboneOptions(command, reading: false);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            using var session = await TaskSession.OpenAsync(result, settings, streams, result.GetValue(task), cancellation).ConfigureAwait(false);
            var kind = session.Kind;
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
            Measures.Write(streams, result.GetValue(settings.Json), kind, outcomes, labels.Names, (ulong)result.GetValue(settings.Seed), result.GetValue(confusion));
            return ExitCodes.Ok;
        });
        return command;
    }
}
