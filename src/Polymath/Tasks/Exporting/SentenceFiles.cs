using System.Text.Json.Nodes;
using Polymath.Backbones;
using Polymath.Features;
using Polymath.Native;

namespace Polymath.Tasks.Exporting;

/// <summary>The files by which sentence-transformers makes the very vectors that the head reads.</summary>
internal static class SentenceFiles
{
    private const string Modules = "modules.json", PoolingFolder = "1_Pooling";

    public static void Write(Backbone backbone, FeatureRecipe recipe, string? prompt, int limit, string folder, Disk disk)
    {
        void Json(string name, JsonObject json) => disk.WriteText(Path.Combine(folder, name), ExportedConfig.Written(json));
        if (recipe.Sentence && backbone.Sentence.IsDescribed) CopyModules(backbone.Folder, folder, disk);
        else
        {
            disk.WriteText(Path.Combine(folder, Modules), new JsonArray(Module(0, "", "Transformer"), Module(1, PoolingFolder, "Pooling")).ToJsonString(ExportedConfig.Json) + "\n");
            var pooling = new JsonObject { ["word_embedding_dimension"] = backbone.Config.Width };
            foreach (var (mode, name) in new[] { (Pooling.Cls, "cls_token"), (Pooling.Mean, "mean_tokens"), (Pooling.Max, "max_tokens") }) pooling[$"pooling_mode_{name}"] = mode == recipe.Pooling;
            pooling["pooling_mode_mean_sqrt_len_tokens"] = false;
            Json($"{PoolingFolder}/config.json", pooling);
        }
        Json("sentence_bert_config.json", new JsonObject { ["max_seq_length"] = limit, ["do_lower_case"] = backbone.Sentence.LowerCase });
        Json("config_sentence_transformers.json", new JsonObject
        {
            ["prompts"] = prompt is null ? new JsonObject() : new JsonObject { ["task"] = prompt },
            ["default_prompt_name"] = prompt is null ? null : "task",
        });
    }

    /// <summary>The modules of the folder as they are, with all that lies in theirs.</summary>
    private static void CopyModules(string from, string to, Disk disk)
    {
        TokenizerFiles.Copy(Path.Combine(from, Modules), Path.Combine(to, Modules), disk);
        foreach (var module in JsonNode.Parse(File.ReadAllText(Path.Combine(from, Modules)))!.AsArray())
        {
            var path = module!["path"]!.GetValue<string>();
            if (path.Length == 0 || !Directory.Exists(Path.Combine(from, path))) continue;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(from, path))) TokenizerFiles.Copy(file, Path.Combine(to, path, Path.GetFileName(file)), disk);
        }
    }

    private static JsonObject Module(int index, string path, string type) =>
        new() { ["idx"] = index, ["name"] = $"{index}", ["path"] = path, ["type"] = $"sentence_transformers.models.{type}" };
}
