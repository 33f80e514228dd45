using System.CommandLine;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Cli.Common;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath models</c>: look at a model folder, and hold it against reference outputs.</summary>
internal static class ModelsVerb
{
    public static Command Create(Streams streams) => Verb.Group("models", "Look at a model folder, or hold it against reference outputs.", ["polymath models show ./all-MiniLM-L6-v2", "polymath models check ./bert-mlm"], Show(streams), Check(streams));

    private static Command Show(Streams streams)
    {
        var settings = new Settings();
        var folder = new Argument<string>("model") { Description = "Hugging Face folder, or org/name" };
        var command = Verb.Create("show", "Show a model's family, size, tokenizer, pooling and hash.",
            "polymath models show ./all-MiniLM-L6-v2");
        command.Takes(folder, settings.Json);
        command.Runs(streams, async (result, cancellation) =>
        {
            var path = await Models.FolderAsync(result.GetValue(folder)!, streams, cancellation).ConfigureAwait(false);
            using var backbone = Backbone.Load(path);
            using var checkpoint = Checkpoint.Open(path);
            var config = backbone.Config;
            var facts = new
            {
                name = backbone.Name,
                family = config.ModelType,
                layers = config.Layers,
                width = config.Width,
                heads = config.Heads,
                vocabulary = config.VocabularySize,
                parameters = checkpoint.Names.Sum(name => checkpoint.Info(name).ElementCount),
                types = checkpoint.Names.Select(name => checkpoint.Info(name).DType).Distinct().Order(),
                maxTokens = backbone.MaxTokens,
                pooling = backbone.Sentence.Pooling.ToString().ToLowerInvariant(),
                normalised = backbone.Sentence.Normalise,
                sentenceWidth = backbone.Sentence.Width(config.Width),
                prompts = backbone.Sentence.Prompts,
                head = config.Head.ToString(),
                labels = config.Head is HeadKind.SequenceClassification or HeadKind.TokenClassification ? config.Labels : null,
                hash = backbone.Hash,
            };
            if (result.GetValue(settings.Json)) streams.WriteJson(facts);
            else streams.WriteTable(["", ""], [
                ["name", facts.name], ["family", facts.family], ["layers", $"{facts.layers}"], ["width", $"{facts.width}"], ["attention heads", $"{facts.heads}"],
                ["vocabulary", $"{facts.vocabulary:N0}"], ["parameters", $"{facts.parameters:N0}"], ["stored as", string.Join(", ", facts.types)], ["longest row", $"{facts.maxTokens} tokens"],
                ["sentence vector", $"{facts.pooling} pooling, {facts.sentenceWidth} wide{(facts.normalised ? ", normalised" : "")}"],
                ["prompts", facts.prompts.Count == 0 ? "none" : string.Join(", ", facts.prompts.Keys)],
                ["own head", facts.labels is null ? facts.head : $"{facts.head}: {string.Join(", ", facts.labels)}"], ["hash", facts.hash]]);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Check(Streams streams)
    {
        var settings = new Settings();
        var folder = new Argument<string>("model") { Description = "Hugging Face folder" };
        var cases = new Option<string?>("--cases") { Description = "Reference dump (default: cases.safetensors in the folder)" };
        var tolerance = new Option<double>("--tolerance") { Description = "Largest relative gap of hidden states, logits and losses (default 1e-5)", DefaultValueFactory = _ => 1e-5 };
        var gradients = new Option<double>("--gradient-tolerance") { Description = "Largest relative gap of gradients (default 1e-4)", DefaultValueFactory = _ => 1e-4 };
        var absolute = new Option<double?>("--absolute") { Description = "Compare hidden states and logits by this absolute gap instead" };
        var command = Verb.Create("check", "Compare a model with a reference dump: hidden states, logits, loss, gradients. Leaves with 1 where one is off.",
            "polymath models check ./bert-mlm",
            "polymath models check ./bert-mlm --cases dump/cases.safetensors --tolerance 1e-4");
        var exact = new Option<bool>("--double") { Description = "Compute in float64: tells a wrong network from rounding" };
        command.Takes(folder, cases, tolerance, gradients, absolute, exact, settings.Json);
        command.Runs(streams, (result, _) =>
        {
            var path = result.GetValue(folder)!;
            if (!Directory.Exists(path)) throw new PolymathException($"{path}: there is no such folder");
            var lines = ReferenceCheck.Run(path, result.GetValue(cases), new ReferenceCheckOptions
            {
                Tolerance = result.GetValue(tolerance),
                GradientTolerance = result.GetValue(gradients),
                Absolute = result.GetValue(absolute),
                DoublePrecision = result.GetValue(exact),
            });
            if (result.GetValue(settings.Json)) streams.WriteJson(lines);
            else foreach (var line in lines)
                streams.Output.WriteLine(line.Status == "SKIP" ? $"SKIP  {line.Kind,-18} {line.Worst}" : $"{line.Status,-5} {line.Kind,-18} {line.Compared,4} compared, largest gap {line.Gap:E1} at {line.Worst}");
            var compared = lines.Sum(line => line.Compared);
            if (compared == 0) streams.Error.WriteLine("polymath: nothing was compared");
            return Task.FromResult(compared == 0 || lines.Any(line => line.Status == "FAIL") ? ExitCodes.Failed : ExitCodes.Ok);
        });
        return command;
    }
}
