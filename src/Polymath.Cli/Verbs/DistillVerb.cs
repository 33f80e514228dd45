using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Distillation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath distill</c>: a small sentence encoder from a large one and unlabelled text.</summary>
internal static class DistillVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var defaults = new DistillationOptions();
        var teacher = new Option<string>("--teacher") { Description = "The model to learn from: Hugging Face folder, or org/name", Required = true };
        var data = new Option<string>("--data", "-d") { Description = "File of unlabelled texts, or - for standard input", Required = true };
        var output = new Option<string>("--out", "-o") { Description = "Folder of the student", Required = true };
        var work = new Option<string?>("--work") { Description = "Folder of intermediate results (default: the output's name with .work added)" };
        Option<int> Number(string name, string description, int value, int least = 1) => new Option<int>(name) { Description = description, DefaultValueFactory = _ => value }.AtLeast(least);
        Option<double> Real(string name, string description, double value) => new(name) { Description = description, DefaultValueFactory = _ => value };
        var width = Number("--width", "Width of the student", defaults.Width);
        var layers = Number("--layers", "Blocks of the student", defaults.Layers);
        var heads = Number("--heads", "Attention heads of a block", defaults.Heads);
        var inner = Number("--intermediate", "Width inside the feed-forward part", defaults.Intermediate);
        var vocabulary = Number("--vocabulary", "Tokens of the student's own vocabulary", defaults.Vocabulary, 16);
        var bagEpochs = Real("--bag-epochs", "Passes over the texts for the embeddings alone", defaults.BagEpochs);
        var epochs = Real("--epochs", "Passes over the texts for the whole student", defaults.Epochs);
        var bagRate = Real("--bag-rate", "Highest learning rate of the embeddings alone", defaults.BagRate);
        var rate = Real("--rate", "Highest learning rate of the whole student", defaults.Rate);
        var budget = Number("--step-tokens", "Tokens of one training step", defaults.TokenBudget);
        var command = Verb.Create("distill", "Train a small sentence encoder, from nothing but text, to give the vectors of a large one. Run it again to go on where it was stopped.",
            "polymath distill --teacher ./all-MiniLM-L6-v2 --data texts.txt --out ./student",
            "polymath distill --teacher ./all-MiniLM-L6-v2 --data texts.txt --out ./student --width 128 --layers 2 --vocabulary 8000 --epochs 5");
        command.Takes(teacher, data, output, work, width, layers, heads, inner, vocabulary, settings.MaxTokens, bagEpochs, epochs, bagRate, rate, budget, settings.Seed, settings.Precision, settings.Threads, settings.Dedicated, settings.Json);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            settings.ApplyThreads(result);
            var options = new DistillationOptions
            {
                Width = result.GetValue(width),
                Layers = result.GetValue(layers),
                Heads = result.GetValue(heads),
                Intermediate = result.GetValue(inner),
                Vocabulary = result.GetValue(vocabulary),
                MaxTokens = result.GetValue(settings.MaxTokens) ?? defaults.MaxTokens,
                BagEpochs = result.GetValue(bagEpochs),
                Epochs = result.GetValue(epochs),
                BagRate = result.GetValue(bagRate),
                Rate = result.GetValue(rate),
                TokenBudget = result.GetValue(budget),
                Seed = result.GetValue(settings.Seed),
                Precision = Settings.PrecisionOf(result.GetValue(settings.Precision)),
            };
            var folder = await Models.FolderAsync(result.GetValue(teacher)!, streams, cancellation).ConfigureAwait(false);
            using var model = Backbone.Load(folder, new BackboneOptions { Precision = options.Precision });
            var file = DataFile.Open(result.GetValue(data)!, settings.DataOptions(result, labels: false), streams.Input);
            var made = await Reporting.WithProgressAsync(streams, progress =>
                Distiller.Run(model, file.Rows().Select(row => row.Text), result.GetValue(output)!, options, result.GetValue(work), null, progress, cancellation), cancellation).ConfigureAwait(false);
            Models.SaySkipped(streams, file);
            if (result.GetValue(settings.Json)) streams.WriteJson(made);
            else
                streams.Output.WriteLine($"{made.Folder}: {made.Parameters:N0} parameters, {made.Tokens:N0} tokens, {made.Steps:N0} steps on {made.Texts:N0} texts; "
                    + $"explains {Results.Percent(made.Explained)} of the variance of the teacher's vectors of {made.HeldOut:N0} texts it has not seen");
            return ExitCodes.Ok;
        });
        return command;
    }
}
