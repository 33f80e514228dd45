using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Polymath.Tasks.Exporting;

/// <summary>The config.json of an exported folder: the backbone's own, and where training changed the weights, what they are now.</summary>
internal static class ExportedConfig
{
    /// <summary>The class of each family that holds the bare network, by <c>model_type</c> (huggingface/transformers, <c>models/auto/modeling_auto.py</c>).</summary>
    private static readonly Dictionary<string, string> BareNetworks = new()
    {
        ["bert"] = "BertModel",
        ["roberta"] = "RobertaModel",
        ["xlm-roberta"] = "XLMRobertaModel",
        ["camembert"] = "CamembertModel",
        ["distilbert"] = "DistilBertModel",
        ["mpnet"] = "MPNetModel",
        ["electra"] = "ElectraModel",
    };

    public static JsonSerializerOptions Json { get; } = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text to write.</summary>
    public static string Text(string source, TaskArtifact artifact)
    {
        var text = File.ReadAllText(source);
        if (artifact.Weights is null) return text;
        var config = JsonNode.Parse(text)!.AsObject();
        config["torch_dtype"] = "float32";
        if (artifact.HeadKind != LearnedTask.KeptHead)
        {
            config["architectures"] = new JsonArray(BareNetworks[artifact.Backbone!.ModelType]);
            foreach (var key in new[] { "id2label", "label2id", "problem_type" }) config.Remove(key);
            return Written(config);
        }
        config["problem_type"] = artifact.Kind switch { TaskKind.MultiLabel => "multi_label_classification", TaskKind.Regression => "regression", _ => "single_label_classification" };
        if (artifact.Labels.Count == 0) return Written(config);
        config["id2label"] = new JsonObject(artifact.Labels.Select((label, id) => new KeyValuePair<string, JsonNode?>($"{id}", label)));
        config["label2id"] = new JsonObject(artifact.Labels.Select((label, id) => new KeyValuePair<string, JsonNode?>(label, id)));
        return Written(config);
    }

    /// <summary>A JSON object as these folders hold it.</summary>
    public static string Written(JsonObject json) => json.ToJsonString(Json) + "\n";
}
