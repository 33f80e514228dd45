using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Native;

namespace Polymath.Tasks.Exporting;

/// <summary>Writes a learned task as a Hugging Face folder. Whoever loads that folder gets the task's own answers.</summary>
internal static class TaskExport
{
    private const string Weights = "model.safetensors", Config = "config.json", Readme = "README.md";

    private static readonly Dictionary<string, string> PyTorch = new() { ["format"] = "pt" };

    public static ExportedKind Write(LearnedTask task, string folder, Disk disk)
    {
        var artifact = task.Artifact;
        Check(artifact);
        var backbone = task.Scorer.Backbone!;
        var recipe = (task.Scorer as FeatureScorer)?.Recipe;
        var kind = recipe is null ? ExportedKind.OwnHead : recipe.Sentence || recipe.Layers.IsLast(backbone.Config.Layers) ? ExportedKind.SentenceVectors : ExportedKind.LayerFeatures;
        var limit = (task.Scorer as FeatureScorer)?.Options.Limit(backbone) ?? backbone.MaxTokens;
        disk.WriteFolder(folder, inside =>
        {
            disk.WriteText(Path.Combine(inside, Config), ExportedConfig.Text(Path.Combine(backbone.Folder, Config), artifact));
            WriteWeights(artifact, backbone.Folder, Path.Combine(inside, Weights), disk);
            TokenizerFiles.Copy(backbone.Folder, inside, limit, disk);
            if (recipe is not null)
            {
                if (kind == ExportedKind.SentenceVectors || backbone.Sentence.LowerCase) SentenceFiles.Write(backbone, recipe, artifact.PromptPrefix, limit, inside, disk);
                TaskArtifactFolder.WriteInto(OnFolder(artifact, inside, Path.GetFileName(Path.GetFullPath(folder))), inside, disk);
            }
            disk.WriteText(Path.Combine(inside, Readme), ExportReadme.Text(artifact, kind, recipe, limit));
        });
        return kind;
    }

    /// <summary>Refuses what there is no folder for; before any network is loaded.</summary>
    /// <exception cref="PolymathException">The task has no backbone, tags words, or reads the texts of a pair apart.</exception>
    public static void Check(TaskArtifact artifact)
    {
        if (artifact.Method == LearnedTask.PromptMethod)
            throw new PolymathException($"task '{artifact.Name}' asks a language model in words, so there are no weights of its own to export; its own folder in the library holds plain JSON");
        if (artifact.Kind is not (TaskKind.Classification or TaskKind.MultiLabel or TaskKind.Regression))
            throw new PolymathException($"task '{artifact.Name}' is a {artifact.Kind.Name()} task; only {TaskKinds.Known} tasks can be exported");
        if (artifact.Backbone is null)
            throw new PolymathException($"task '{artifact.Name}' was learned by {artifact.Method} and has no backbone, so there is no Hugging Face folder to make of it; its own folder in the library holds plain JSON, text and safetensors");
        if (artifact.PairEncoding is { } pairs && PairEncodings.Parse(pairs) != PairEncoding.Joint)
            throw new PolymathException($"task '{artifact.Name}' reads the two texts of a pair apart ({pairs}), for which there is no folder that Python reads; learn it with --pairs joint to export it");
    }

    private static void WriteWeights(TaskArtifact artifact, string from, string to, Disk disk)
    {
        if (artifact.Weights is not null)
        {
            artifact.Weights.Write(to, disk);
            return;
        }
        using var checkpoint = Checkpoint.Open(from);
        SafetensorsWriter.Write(to, checkpoint, PyTorch, disk);
    }

    /// <summary>The same task as a head on the folder's network: weights that training gave it are now the folder's own.</summary>
    private static TaskArtifact OnFolder(TaskArtifact artifact, string folder, string name)
    {
        var reference = artifact.Backbone! with { Source = null };
        artifact = artifact with { Statistics = [] };
        if (artifact.Weights is null) return artifact with { Backbone = reference };
        using var checkpoint = Checkpoint.Open(Path.Combine(folder, Weights));
        var hash = BackboneHash.Compute(checkpoint, NetworkConfig.Read(Path.Combine(folder, Config)).HashFields());
        return artifact with { Method = LearnedTask.FeaturesMethod, Weights = null, Backbone = reference with { Hash = hash, Name = name } };
    }
}
