using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;
using Polymath.Tasks.Exporting;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath export</c>: a learned task as a Hugging Face folder, for Python and for machines without the library.</summary>
internal static class ExportVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var task = new Option<string>("--task", "-t") { Description = "The learned task", Required = true };
        var folder = new Option<string>("--out", "-o") { Description = "Folder to make", Required = true };
        var model = new Option<string?>("--model", "-m") { Description = "The task's backbone, where it is no longer where it was learned" };
        var command = Verb.Create("export",
            "Write a learned task as a Hugging Face folder: config, weights, tokenizer, head, README. "
            + "A head that was kept in fine-tuning is the family's own, and the folder a plain sequence-classification model. "
            + "A linear head on pooled features has no place in a family's layout: then the folder gives the vectors (sentence-transformers), "
            + "head.safetensors and task.json stand beside, and README.md has the lines of Python that apply the head.",
            "polymath export --task intent --out ./intent-model",
            "polymath export --task intent --out ./intent-model --model ./all-MiniLM-L6-v2");
        command.Takes(task, folder, model, settings.Library, settings.Json);
        command.Runs(streams, async (result, cancellation) =>
        {
            var (name, to) = (result.GetValue(task)!, result.GetValue(folder)!);
            using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
            var artifact = library.Load(name);
            TaskExport.Check(artifact);
            using var backbone = Backbone.Load(await Models.FolderAsync(result.GetValue(model) ?? artifact.Backbone!.Source
                ?? throw new PolymathException($"task '{name}' does not say where its backbone is; give it with --model"), streams, cancellation).ConfigureAwait(false));
            using var learned = LearnedTask.Restore(artifact, backbone);
            var kind = learned.Export(to);
            if (result.GetValue(settings.Json)) streams.WriteJson(new { task = name, folder = to, kind = kind.ToString() });
            else streams.Output.WriteLine($"task '{name}' exported to {to}: {InWords(kind)}; try: polymath predict --model {to}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static string InWords(ExportedKind kind) => kind switch
    {
        ExportedKind.OwnHead => "a sequence-classification model of its family",
        ExportedKind.SentenceVectors => "a sentence-transformers model with the head beside it (head.safetensors, task.json; README.md says how Python applies it)",
        _ => "a network whose inner layers the head reads (head.safetensors, task.json; README.md says how Python applies it)",
    };
}
