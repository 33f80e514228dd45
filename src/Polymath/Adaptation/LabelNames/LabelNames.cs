using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>
/// Classification without any labelled row: a row gets the label whose name or description its sentence vector is most similar to. The cheapest
/// baseline of all; the head is the label vectors themselves.
/// </summary>
public static class LabelNames
{
    /// <summary>Cosine similarities are divided by this before the softmax; it changes probabilities, never the order of labels.</summary>
    private const float Temperature = 0.05f;

    /// <summary>Makes a task from names.</summary>
    /// <param name="backbone">An encoder whose sentence vectors mean something, such as a sentence-transformers model.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="labels">Label → the text that describes it; the label itself where nothing better is known.</param>
    /// <param name="options">Prompt, chunking and store; the rest does not apply.</param>
    /// <exception cref="PolymathException">Fewer than two labels.</exception>
    public static LearnedTask Learn(Backbone backbone, string name, IReadOnlyDictionary<string, string> labels, FeatureExtractionOptions? options = null)
    {
        if (labels.Count < 2) throw new PolymathException($"{labels.Count} label: expected at least two");
        options ??= new FeatureExtractionOptions();
        var map = LabelMap.FromLabels(labels.Keys);
        var width = backbone.Sentence.Width(backbone.Config.Width);
        var weights = new float[map.Count * width];
        var vectors = backbone.Embed(map.Names.Select(label => Describe(labels[label])), options.Prompt);
        for (var k = 0; k < map.Count; k++)
        {
            var scale = 1 / (Temperature * MathF.Max(System.Numerics.Tensors.TensorPrimitives.Norm<float>(vectors[k]), 1e-12f));
            for (var i = 0; i < width; i++) weights[k * width + i] = vectors[k][i] * scale;
        }
        var recipe = FeatureRecipe.SentenceOf(backbone);
        var head = new LinearHead(weights, new float[map.Count], width);
        var features = options.FeatureOptions([recipe.Pooling], options.Store);
        return new LearnedTask(LearnedTask.OnBackbone(name, LearnedTask.LabelNamesMethod, backbone, recipe, head, map, features), new FeatureScorer(backbone, recipe, head, features));
    }

    /// <summary>A label's name as a text: underscores and hyphens become spaces.</summary>
    private static string Describe(string label) => label.Replace('_', ' ').Replace('-', ' ');
}
