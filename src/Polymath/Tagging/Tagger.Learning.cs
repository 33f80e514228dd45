using System.Globalization;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Tagging;

public sealed partial class Tagger
{
    internal const string VectorsMethod = "features", WordsMethod = "word-features", HeadName = "tags";

    private const string Transitions = "transitions";

    /// <summary>Learns a task on the vectors of a frozen backbone. C and the share of transitions are chosen by span F1 over folds of the sentences.</summary>
    /// <param name="backbone">The frozen encoder.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="sentences">Sentences with tags.</param>
    /// <param name="options">Layers, neighbours, grids, folds.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="PolymathException">A sentence without tags, no span, layers that do not exist.</exception>
    public static Tagger Learn(Backbone backbone, string name, IReadOnlyList<TaggedSentence> sentences, TaggingOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new TaggingOptions();
        var tags = Check(sentences);
        var recipe = Recipe(backbone, options);
        var (words, _) = Vectors(backbone, sentences, recipe, cancellation);
        var model = TagModel.Fit(words, sentences, tags, options.Grid, options, cancellation);
        var inputs = recipe.Width(backbone);
        var artifact = Base(name, VectorsMethod, tags, sentences, model, options) with
        {
            Layers = recipe.Layers.ToString(),
            Pooling = recipe.Subwords.ToString().ToLowerInvariant(),
            Precision = Precisions.Name(backbone.Precision),
            Backbone = new BackboneReference(backbone.Hash, backbone.Config.ModelType, backbone.Name, backbone.Config.Width) { Source = Path.GetFullPath(backbone.Folder) },
            Tagging = new TaggingRecord(recipe.Neighbours, recipe.MaxTokens),
            Arrays = [new NamedArray("weight", [tags.Count, inputs], model.Weights[..^tags.Count]), new NamedArray("bias", [tags.Count], model.Weights[^tags.Count..]), Following(model, tags)],
        };
        return new Tagger(artifact, tags, new VectorScorer(backbone, recipe, model.Weights, tags.Count), model.Transitions);
    }

    /// <summary>Learns a task from the words alone, without any backbone: the yardstick for those that have one.</summary>
    /// <exception cref="PolymathException">A sentence without tags, or no span.</exception>
    public static Tagger LearnWords(string name, IReadOnlyList<TaggedSentence> sentences, TaggingOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new TaggingOptions();
        var tags = Check(sentences);
        var terms = WordShapes.Terms(sentences);
        var model = TagModel.Fit(Shapes(sentences, terms), sentences, tags, options.WordGrid, options, cancellation);
        var artifact = Base(name, WordsMethod, tags, sentences, model, options) with
        {
            Terms = terms,
            Arrays = [new NamedArray("weight", [terms.Length, tags.Count], model.Weights[..^tags.Count]), new NamedArray("bias", [tags.Count], model.Weights[^tags.Count..]), Following(model, tags)],
        };
        return new Tagger(artifact, tags, new ShapeScorer(terms, model.Weights, tags.Count), model.Transitions);
    }

    /// <summary>Makes a task of what was saved.</summary>
    /// <exception cref="PolymathException">It is no tagging task, belongs to another backbone, or its parts do not fit together.</exception>
    public static Tagger Restore(TaskArtifact artifact, Backbone? backbone)
    {
        if (artifact.Kind != TaskKind.TokenClassification) throw new PolymathException($"task '{artifact.Name}' is no tagging task, it predicts {artifact.Kind}");
        var tags = TagSet.FromNames(artifact.Labels);
        var (weight, bias, transitions) = (artifact.Array("weight"), artifact.Array("bias").Values, artifact.Array(Transitions).Values);
        float[] weights = [.. weight.Values, .. bias];
        int inputs;
        if (artifact.Method == WordsMethod) inputs = artifact.Terms.Count;
        else
        {
            if (backbone is null) throw new PolymathException($"task '{artifact.Name}' needs its backbone '{artifact.Backbone?.Name}'; give that model");
            artifact.RequireBackbone(backbone.Hash, backbone.Name);
            inputs = Recipe(artifact, backbone).Width(backbone);
        }
        if (weight.Values.Length != (long)inputs * tags.Count || bias.Length != tags.Count || transitions.Length != (tags.Count + 1) * tags.Count)
            throw new PolymathException($"task '{artifact.Name}': its tensors do not fit together; expected weights for {inputs} inputs and {tags.Count} tags");
        return artifact.Method == WordsMethod ? new Tagger(artifact, tags, new ShapeScorer(artifact.Terms, weights, tags.Count), transitions)
            : new Tagger(artifact, tags, new VectorScorer(backbone!, Recipe(artifact, backbone!), weights, tags.Count), transitions);
    }

    internal static WordRecipe Recipe(Backbone backbone, TaggingOptions options)
    {
        var mix = options.Layers ?? LayerMix.MeanOfTop(Math.Min(4, backbone.Config.Layers + 1));
        if (mix.IsToBeLearned) throw new PolymathException("layers 'scalar-mix' are not learned for tagging; expected last, layer3, top2, concat2 or mix: with a weight for each layer");
        mix.Check(backbone.Config.Layers);
        return new WordRecipe(mix, options.Subwords, options.Neighbours, backbone.MaxTokens);
    }

    /// <summary>The vectors of all words.</summary>
    internal static (DenseWords Words, FeatureMatrix Matrix) Vectors(Backbone backbone, IReadOnlyList<TaggedSentence> sentences, WordRecipe recipe, CancellationToken cancellation)
    {
        var width = recipe.Width(backbone);
        var values = new float[checked(sentences.Sum(sentence => sentence.Words.Count) * width)];
        var at = 0;
        foreach (var (_, words) in new WordVectors(backbone).Read(sentences, recipe, cancellation))
        {
            words.Values.CopyTo(values.AsSpan(at));
            at += words.Values.Length;
        }
        var matrix = new FeatureMatrix(values, values.Length / width, width);
        return (new DenseWords(matrix), matrix);
    }

    internal static SparseWords Shapes(IReadOnlyList<TaggedSentence> sentences, string[] terms) =>
        new(WordShapes.Rows(sentences, terms.Select((term, place) => (term, place)).ToDictionary(pair => pair.term, pair => pair.place, StringComparer.Ordinal)));

    internal static TagSet Check(IReadOnlyList<TaggedSentence> sentences)
    {
        if (sentences.Count == 0) throw new PolymathException("there are no sentences; expected some with words and tags");
        if (sentences.FirstOrDefault(sentence => sentence.Tags is null) is { } bare) throw new PolymathException($"line {bare.Line}: the sentence has no tags; every sentence to learn from needs them");
        return TagSet.Of(sentences);
    }

    private static WordRecipe Recipe(TaskArtifact artifact, Backbone backbone)
    {
        if (artifact.Tagging is not { Neighbours: >= 0 and <= 16, MaxTokens: > 0 } record) throw new PolymathException($"task '{artifact.Name}': there is no sound record of how its words are read");
        if (!Enum.TryParse<SubwordPooling>(artifact.Pooling, ignoreCase: true, out var subwords)) throw new PolymathException($"task '{artifact.Name}': the pooling '{artifact.Pooling}' is not known; known are mean and first");
        var mix = LayerMix.Parse(artifact.Layers ?? "last");
        mix.Check(backbone.Config.Layers);
        return new WordRecipe(mix, subwords, record.Neighbours, Math.Min(record.MaxTokens, backbone.Network.MaxTokens));
    }

    private static NamedArray Following(TagModel model, TagSet tags) => new(Transitions, [tags.Count + 1, tags.Count], model.Transitions);

    private static TaskArtifact Base(string name, string method, TagSet tags, IReadOnlyList<TaggedSentence> sentences, TagModel model, TaggingOptions options) => new()
    {
        Name = name,
        Kind = TaskKind.TokenClassification,
        Method = method,
        Labels = tags.Names,
        HeadKind = HeadName,
        Training = new TrainingRecord(sentences.Count, options.Seed)
        {
            Options = new Dictionary<string, string>
            {
                ["words"] = $"{sentences.Sum(sentence => sentence.Words.Count)}",
                ["c"] = model.C.ToString(CultureInfo.InvariantCulture),
                ["transition_weight"] = model.TransitionWeight.ToString(CultureInfo.InvariantCulture),
                ["cross_validated_f1"] = model.CrossValidated.ToString("F4", CultureInfo.InvariantCulture),
            },
        },
    };
}
