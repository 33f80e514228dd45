using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath ask</c>: one question to a language model, answered by the likelihood of given choices.</summary>
internal static class AskVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var choices = new PromptChoices(automatic: false);
        var question = new Argument<string>("question") { Description = "The question, or the text that the template asks about" };
        var pair = new Option<string?>("--pair") { Description = "The second text, for templates with {{text_b}}" };
        var answers = new Option<string?>("--choices", "-c") { Description = "Answers to choose from, separated by commas (default: the labels of the prompt file or of --data)" };
        var data = new Option<string?>("--data", "-d") { Description = "File of rows with their answers, to show (--shots) or to calibrate on" };
        var command = Verb.Create("ask", "Ask a language model one question; it answers with the likelihood of each choice.",
            "polymath ask \"The capital of California is\" --choices \"Sacramento,Los Angeles,San Francisco\" --model SmolLM2.gguf",
            "polymath ask California --template \"The capital of {{text}} is {{answer}}\" --choices cities.txt --calibrate contextual --model SmolLM2.gguf",
            "polymath ask \"Who wrote Faust ?\" --data train.csv --shots 8 --demonstrations nearest --model SmolLM2.gguf --json");
        command.Takes(question, pair, answers, data);
        command.Takes([.. choices.All]);
        settings.Model.Description = "Language model: a GGUF file, a Hugging Face folder, or org/name to take from the local cache";
        command.Takes(settings.Model, settings.Precision, settings.Threads, settings.Dedicated, settings.Store, settings.NoStore, settings.StoreBytes, settings.Seed, settings.Json);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            settings.ApplyThreads(result);
            var path = LanguageModels.PathOf(result, settings);
            var file = choices.File(result);
            if (result.GetValue(data) is null && choices.Shots(result) > 0) throw new PolymathException("--shots shows rows with their answers; expected a file of them with --data");
            List<Row> rows = result.GetValue(data) is { } shown ? DataFile.Open(shown, settings.DataOptions(result, labels: true, keepColumns: true), streams.Input).ReadAll() : [];
            var labels = Labels(result.GetValue(answers), file, rows);
            var verbalizer = file?.Words is { } words && result.GetValue(answers) is null ? new Verbalizer(labels, words, file.Score ?? AnswerScore.Sum) : Verbalizer.OfNames(labels);
            using var models = await LanguageModels.LoadAsync(path, choices.EncoderOf(result), result.GetValue(settings.Precision), streams, cancellation).ConfigureAwait(false);
            using var store = models.Encoder is null ? null : settings.OpenStore(result);
            var options = choices.Read(result, file, models.Encoder, store, result.GetValue(settings.Seed));
            verbalizer = new Verbalizer(verbalizer.Labels, verbalizer.ByLabel(), options.Score);
            var row = new Row(result.GetValue(question)!) { Pair = result.GetValue(pair) };
            var found = await Reporting.WithProgressAsync(streams, progress => PromptQuestion.Ask(models.Prompts, row, verbalizer, options, rows, progress, cancellation), cancellation).ConfigureAwait(false);
            Write(streams, result.GetValue(settings.Json), found, options.Calibration);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>The choices: those named, in a file (one a line) or in words; else the prompt file's labels; else the data's.</summary>
    private static IReadOnlyList<string> Labels(string? named, PromptFile? file, List<Row> rows)
    {
        string[] labels = named is null ? file?.Words?.Keys.ToArray() ?? [.. LabelMap.FromLabels(rows.Select(row => row.Label!)).Names]
            : File.Exists(named) ? File.ReadAllLines(named) : named.Split(',');
        labels = [.. labels.Select(label => label.Trim()).Where(label => label.Length > 0)];
        return labels.Length < 2 ? throw new PolymathException($"{(labels.Length == 0 ? "there are no answers" : $"'{OneLine.Short(labels[0])}' is the only answer")} to choose from; expected at least two with --choices, or --data with labels")
            : new LabelMap(labels).Names;
    }

    private static void Write(Streams streams, bool json, IReadOnlyList<AskedAnswer> found, CalibrationMethod? calibration)
    {
        var raw = found.MaxBy(one => one.Probability)!;
        if (json)
        {
            streams.WriteJson(new
            {
                answer = found[0].Answer,
                probability = found[0].Calibrated,
                calibration = calibration is null or CalibrationMethod.None ? null : calibration.Value.Name(),
                uncalibrated = raw.Answer,
                choices = found.Select(one => new { answer = one.Answer, probability = one.Calibrated, uncalibrated = one.Probability, logProbability = one.LogProbability }),
            });
            return;
        }
        var calibrated = calibration is not (null or CalibrationMethod.None);
        string[] columns = calibrated ? ["answer", $">{calibration!.Value.Name()}", ">uncalibrated", ">log-probability"] : ["answer", ">probability", ">log-probability"];
        streams.WriteTable(columns, found.Take(20).Select(one => calibrated ? [one.Answer, $"{100 * one.Calibrated:F1} %", $"{100 * one.Probability:F1} %", $"{one.LogProbability:F2}"] : (string[])[one.Answer, $"{100 * one.Probability:F1} %", $"{one.LogProbability:F2}"]));
        if (calibrated && raw.Answer != found[0].Answer) streams.Output.WriteLine($"without calibration the answer would be {raw.Answer}");
    }
}
