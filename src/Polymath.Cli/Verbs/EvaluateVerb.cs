using System.CommandLine;
using Polymath.Backbones;
using Polymath.Cli.Common;
using Polymath.Evaluation;
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
            var file = DataFile.Open(result.GetValue(data)!, settings.DataOptions(result, labels: true), streams.Input);
            var rows = file.ReadAll();
            if (session.Head is { } head && session.Config!.Problem == ProblemType.Regression)
            {
                Regression(streams, result.GetValue(settings.Json), head, rows, file.Name, cancellation);
                session.SayCut(streams);
                return ExitCodes.Ok;
            }
            var labels = session.Task?.Labels ?? OwnLabels(session);
            var numbered = LabelledRows.From(rows, labels, file.Name);
            var outcomes = await Reporting.WithProgressAsync(streams, progress => session.Task is { } learned ? learned.Evaluate(numbered, progress, cancellation)
                : Outcomes.FromScores(numbered.Labels, [.. session.Head!.Score(rows, progress, cancellation).SelectMany(answer => answer.Scores)], labels.Count), cancellation).ConfigureAwait(false);
            session.SayCut(streams);
            Models.SaySkipped(streams, file);
            Measures.Write(streams, result.GetValue(settings.Json), outcomes, labels.Names, (ulong)result.GetValue(settings.Seed), result.GetValue(confusion));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static LabelMap OwnLabels(TaskSession session) => session.Config is { Head: HeadKind.SequenceClassification, Problem: ProblemType.SingleLabel } config ? new LabelMap(config.Labels)
        : throw new PolymathException($"{session.Config!.Source}: evaluate measures heads that give a row one label or one number; polymath predict shows what this head says");

    private static void Regression(Streams streams, bool json, OwnHead head, List<Row> rows, string source, CancellationToken cancellation)
    {
        if (rows.Count == 0) throw new PolymathException($"{source}: there are no rows; expected at least one");
        double[] wanted = [.. rows.Select(row => double.TryParse(row.Label, out var number) ? number : throw new PolymathException($"{source}, line {row.Line}: the label '{row.Label}' is not a number, but the model's head gives numbers"))];
        double[] found = [.. head.Score(rows, null, cancellation).Select(answer => (double)answer.Scores[0])];
        var facts = new
        {
            rows = rows.Count,
            meanSquaredError = wanted.Zip(found, (a, b) => (a - b) * (a - b)).Average(),
            pearson = Correlation.Pearson(wanted, found),
            spearman = Correlation.Spearman(wanted, found),
        };
        if (json) streams.WriteJson(facts);
        else streams.WriteTable(["", ">value"], [["rows", $"{facts.rows:N0}"], ["mean squared error", $"{facts.meanSquaredError:F4}"], ["Pearson", $"{facts.pearson:F4}"], ["Spearman", $"{facts.spearman:F4}"]]);
    }
}
