using System.Globalization;
using System.Text;
using Polymath.Backbones;
using Polymath.Features;

namespace Polymath.Tasks.Exporting;

/// <summary>The README.md of an exported folder: what it is, and the lines of Python that use it.</summary>
internal static class ExportReadme
{
    public static string Text(TaskArtifact artifact, ExportedKind kind, FeatureRecipe? recipe, int limit)
    {
        var text = new StringBuilder();
        text.Append($"# {artifact.Name}\n\nA task of Polymath ({artifact.Method}): {(artifact.Labels.Count == 0 ? "one number a row" : $"{artifact.Labels.Count} labels")}, {artifact.Backbone!.ModelType} network.\n\n");
        text.Append(kind switch
        {
            ExportedKind.OwnHead => "The head is the family's own: this is a plain sequence-classification model.\n",
            ExportedKind.SentenceVectors => "The head is linear on the text's vector, for which the family's own layout has no place: it stands in `head.safetensors`\n(`weight` [outputs, width], `bias` [outputs]) with `task.json`. The folder itself gives the vectors.\n",
            _ => $"The head is linear on {recipe} of the network, for which the family's own layout has no place: it stands in\n`head.safetensors` (`weight` [outputs, width], `bias` [outputs]) with `task.json`.\n",
        });
        text.Append($"\nPolymath: `polymath predict --model FOLDER --data rows.csv`. Python:\n\n```python\n{Python(artifact, kind, recipe, limit)}```\n");
        if (artifact.Chunking is not null) text.Append($"\nTexts of more than {limit} tokens are cut by these lines; Polymath splits them and pools the pieces.\n");
        return text.ToString();
    }

    private static string Python(TaskArtifact artifact, ExportedKind kind, FeatureRecipe? recipe, int limit)
    {
        var prefix = artifact.PromptPrefix is { } prompt ? $"{Quoted(prompt)} + " : "";
        if (kind == ExportedKind.OwnHead)
            return $"from transformers import pipeline\n\nprint(pipeline(\"text-classification\", model=\".\")({prefix}\"a text\"))\n";
        const string heads = "task = json.load(open(\"task.json\", encoding=\"utf-8\"))\nhead = load_file(\"head.safetensors\")\n";
        var scores = "scores = vectors @ head[\"weight\"].T + head[\"bias\"]\n" + artifact.Kind switch
        {
            TaskKind.MultiLabel => "least = task.get(\"thresholds\") or [0.5] * len(task[\"labels\"])\nprint([[label for label, score, t in zip(task[\"labels\"], row, least) if 1 / (1 + math.exp(-score)) >= t] for row in scores])\n",
            TaskKind.Regression => "print(scores[:, 0])\n",
            _ => "print([task[\"labels\"][best] for best in scores.argmax(1)])\n",
        };
        var math = artifact.Kind == TaskKind.MultiLabel ? ", math" : "";
        if (kind == ExportedKind.SentenceVectors)
            return $"import json{math}\nfrom safetensors.numpy import load_file\nfrom sentence_transformers import SentenceTransformer\n\n{heads}vectors = SentenceTransformer(\".\").encode([\"a text\"])\n{scores}";
        return $"""
            import json{math}, torch
            from safetensors.numpy import load_file
            from transformers import AutoModel, AutoTokenizer

            {heads}tokens = AutoTokenizer.from_pretrained(".")([{prefix}"a text"], padding=True, truncation=True, max_length={limit}, return_tensors="pt")
            with torch.no_grad():
                states = AutoModel.from_pretrained(".")(**tokens, output_hidden_states=True).hidden_states
            mask = tokens["attention_mask"].unsqueeze(-1)
            pooled = [{Pooled(recipe!.Pooling)} for state in states]
            vectors = {Mixed(recipe.Layers)}.numpy()
            {scores}
            """;
    }

    private static string Pooled(Pooling pooling) => pooling switch
    {
        Pooling.Cls => "state[:, 0]",
        Pooling.Max => "state.masked_fill(mask == 0, -1e9).max(1).values",
        _ => "(state * mask).sum(1) / mask.sum(1)",
    };

    private static string Mixed(LayerMix layers) => layers.Kind switch
    {
        LayerMixKind.Single => $"pooled[{layers.Count}]",
        LayerMixKind.Mean => $"(sum(pooled[-{layers.Count}:]) / {layers.Count})",
        LayerMixKind.Weighted => $"sum(share * layer for share, layer in zip([{string.Join(", ", layers.Weights.Select(weight => weight.ToString(CultureInfo.InvariantCulture)))}], pooled))",
        _ => $"torch.cat(pooled[:-{layers.Count + 1}:-1], 1)",
    };

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
