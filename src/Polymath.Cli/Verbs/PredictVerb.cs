using System.CommandLine;
using System.Text.Json;
using Polymath.Cli.Common;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath predict</c>: rows in, one JSON line for each out, in the same order.</summary>
internal static class PredictVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var task = new Option<string?>("--task", "-t") { Description = "A learned task; without it the model's own head predicts" };
        var data = new Option<string>("--data", "-d") { Description = "File of rows, or - for standard input", DefaultValueFactory = _ => "-" };
        var top = new Option<int>("--top", "-k") { Description = "How many labels to show for each row", DefaultValueFactory = _ => 1 }.AtLeast(1);
        var threshold = new Option<double?>("--threshold") { Description = "Abstain (label null) where the best probability is below this" };
        var writing = new WritingChoices(kept: false);
        var command = Verb.Create("predict", "Predict rows with a learned task, or with a model's own head; one JSON line for each row.",
            "polymath predict --task question-type --data questions.csv > answers.jsonl",
            "echo \"Where is the Louvre?\" | polymath predict --task question-type",
            "polymath predict --model ./sentiment-model --data reviews.csv --top 2");
        command.Takes(task, settings.Library, data, top, threshold, settings.Json, settings.Seed);
        command.Takes([.. writing.All]);
        settings.AddBackboneOptions(command, reading: false);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            using var session = await TaskSession.OpenAsync(result, settings, streams, result.GetValue(task), cancellation).ConfigureAwait(false);
            var reading = settings.DataOptions(result, labels: false, keepColumns: true);
            if (session.Writer is null && writing.All.FirstOrDefault(result.IsGiven) is { } stray) throw new PolymathException($"{stray.Name} applies to tasks that write texts, and this one does not");
            if (session.Tagger is { } tagger)
            {
                if (result.IsGiven(top) || result.IsGiven(threshold)) throw new PolymathException($"--top and --threshold do not apply to task '{tagger.Name}', which finds spans of words");
                foreach (var answer in TaggingAnswers.Predict(tagger, streams, result.GetValue(data)!, reading, cancellation)) streams.Output.WriteLine(Line(answer));
                return ExitCodes.Ok;
            }
            if (session.Writer is not null)
            {
                if (result.IsGiven(top) || result.IsGiven(threshold)) throw new PolymathException($"--top and --threshold do not apply to task '{session.Writer.Name}', which writes texts");
                reading = reading with { Kind = TaskKind.Generate };
            }
            var file = DataFile.Open(result.GetValue(data)!, reading, streams.Input);
            var shown = result.GetValue(top);
            await Reporting.WithProgressAsync(streams, progress =>
            {
                var answers = session.Writer is { } writer ? WrittenAnswers.Predict(writer, file, writing.Writing(result, writer, result.GetValue(settings.Seed)), progress, cancellation)
                    : session.Answer(file.Rows(), shown, result.GetValue(threshold), progress, cancellation);
                foreach (var answer in answers) streams.Output.WriteLine(Line(answer));
                streams.Output.Flush();
                return 0;
            }, cancellation).ConfigureAwait(false);
            session.SayCut(streams);
            Models.SaySkipped(streams, file);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>The answer's own fields, then the input columns under <c>input</c>.</summary>
    private static string Line(Dictionary<string, object?> answer) => JsonSerializer.Serialize(answer, Results.Json);
}
