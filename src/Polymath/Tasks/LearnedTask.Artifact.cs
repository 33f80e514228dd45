using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks.Heads;

namespace Polymath.Tasks;

public sealed partial class LearnedTask
{
    internal const string FeaturesMethod = "features", TfidfMethod = "tfidf", LabelNamesMethod = "label-names", FineTuningMethod = "fine-tuning", ContrastiveMethod = "contrastive";

    /// <summary>The head kind of a task that answers with the folder's own head, trained.</summary>
    internal const string KeptHead = "own";

    internal const string MaxTokensOption = "max_tokens";

    private const string SentenceVector = "sentence";

    /// <summary>Loads a task from a library.</summary>
    /// <param name="library">The library's folder.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="backbone">The backbone it belongs to; null for a task without one.</param>
    /// <param name="store">Where features are kept; null computes always.</param>
    /// <exception cref="PolymathException">There is no such task, it is damaged, or it belongs to another backbone.</exception>
    public static LearnedTask Load(string library, string name, Backbone? backbone = null, FeatureStore? store = null)
    {
        using var opened = TaskLibrary.Open(library);
        return Restore(opened.Load(name), backbone, store);
    }

    /// <summary>Makes a task of what was saved.</summary>
    /// <exception cref="PolymathException">It belongs to another backbone, or its parts do not fit together.</exception>
    public static LearnedTask Restore(TaskArtifact artifact, Backbone? backbone, FeatureStore? store = null)
    {
        if (artifact.Kind == TaskKind.TokenClassification) throw new PolymathException($"task '{artifact.Name}' tags words; restore it with Tagger.Restore");
        if (artifact.Kind == TaskKind.Generate) throw new PolymathException($"task '{artifact.Name}' writes texts with the language model '{artifact.Backbone?.Name}'; restore it with TextToTextTask.Restore");
        if (artifact.Method == PromptMethod) throw new PolymathException($"task '{artifact.Name}' asks the language model '{artifact.Backbone?.Name}' in words; restore it with that model");
        (string, int[], float[])[] arrays = [.. artifact.Arrays.Select(array => (array.Name, array.Shape, array.Values))];
        if (artifact.Method == TfidfMethod)
            return new LearnedTask(artifact, new TfidfScorer(TfidfModel.Restore(artifact.Terms, new TfidfOptions { MaxWords = artifact.TermWords ?? 2 }, PairsOf(artifact), arrays))) { Scope = ScopeOf(artifact, null) };
        if (artifact.Method is not (FeaturesMethod or LabelNamesMethod or FineTuningMethod or ContrastiveMethod))
            throw new PolymathException($"task '{artifact.Name}': the method '{artifact.Method}' is not known to this version; known are {FeaturesMethod}, {TfidfMethod}, {LabelNamesMethod}, {FineTuningMethod}, {ContrastiveMethod} and {PromptMethod}");
        if (artifact.Weights is null && artifact.Method is FineTuningMethod or ContrastiveMethod)
            throw new PolymathException($"task '{artifact.Name}': its folder has no backbone.safetensors, the weights it was trained to; go back to an older generation or restore the file");
        if (backbone is null) throw new PolymathException($"task '{artifact.Name}' needs its backbone '{artifact.Backbone?.Name}'; give that model");
        artifact.RequireBackbone(backbone.Hash, backbone.Name);
        if (artifact.Weights is not null) (backbone, store) = (backbone.Tuned(artifact.Weights, artifact.HeadKind == KeptHead), null);
        if (artifact.HeadKind == KeptHead) return new LearnedTask(artifact, new OwnHeadScorer(backbone, artifact.PromptPrefix ?? "")) { Scope = ScopeOf(artifact, null) };
        var sentence = artifact.Layers == SentenceVector;
        if (!Enum.TryParse<Pooling>(artifact.Pooling, ignoreCase: true, out var pooling))
            throw new PolymathException($"task '{artifact.Name}': the pooling '{artifact.Pooling}' is not known; known are mean, cls and max");
        var recipe = new FeatureRecipe(pooling, sentence ? LayerMix.Last : LayerMix.Parse(artifact.Layers ?? "last"), sentence) { Pairs = PairsOf(artifact) ?? PairEncoding.Joint };
        recipe.Layers.Check(backbone.Config.Layers);
        var head = Head.Restore(artifact.HeadKind, arrays);
        var outputs = artifact.Kind == TaskKind.Regression ? 1 : artifact.Labels.Count;
        if (head.Inputs != recipe.Width(backbone) || head.Classes != outputs)
            throw new PolymathException($"task '{artifact.Name}': its head reads {head.Inputs} values for {head.Classes} outputs, but its features have {recipe.Width(backbone)} and it has {outputs}{(artifact.Kind == TaskKind.Regression ? " value" : " labels")}");
        return new LearnedTask(artifact, new FeatureScorer(backbone, recipe, head, new FeatureOptions
        {
            Prefix = artifact.PromptPrefix,
            Chunk = artifact.Chunking is not null,
            ChunkOverlap = artifact.Chunking?.Overlap ?? 0,
            MaxTokens = artifact.Chunking?.Tokens ?? RecordedLimit(artifact),
            Store = store,
        }))
        { Scope = ScopeOf(artifact, head.Inputs) };
    }

    /// <summary>Saves the task in a library as a new generation; the folder is made where there is none.</summary>
    /// <exception cref="PolymathException">The name is not valid, or the library cannot be written; nothing is changed then.</exception>
    public void Save(string library, Disk? disk = null)
    {
        using var opened = TaskLibrary.Open(library, disk);
        opened.Save(Artifact);
    }

    /// <summary>The same task with measurements and the files it was learned from written into its record.</summary>
    public LearnedTask WithRecord(IReadOnlyDictionary<string, double> metrics, IReadOnlyList<DataFileRecord>? data = null) =>
        Changed(Artifact with { Metrics = metrics, Training = Artifact.Training is { } training ? training with { Data = data ?? training.Data } : null });

    internal static LearnedTask FromFeatures(string name, Backbone backbone, LabelledRows data, FeatureExtractionOptions options, ExtractedHead found)
    {
        var features = options.FeatureOptions([found.Recipe.Pooling], options.Store);
        var artifact = OnBackbone(name, FeaturesMethod, backbone, found.Recipe, found.Head, data.Map, features) with
        {
            Statistics = found.Statistics,
            Kind = data.Kind,
            PairEncoding = data.Pairs ? found.Recipe.Pairs.Name() : null,
            Thresholds = found.Thresholds,
            Training = new TrainingRecord(data.Rows.Count, options.Seed)
            {
                Options = Choices(options, found, data.Kind, features.Limit(backbone)),
            },
        };
        return new LearnedTask(artifact, new FeatureScorer(backbone, found.Recipe, found.Head, features)) { Candidates = found.Candidates, Report = found.Report };
    }

    /// <summary>A task whose backbone was trained.</summary>
    /// <param name="name">The task's name.</param>
    /// <param name="method">How it was trained.</param>
    /// <param name="backbone">The backbone it started from.</param>
    /// <param name="weights">What training made of it; the task takes them over.</param>
    /// <param name="head">The new head; null for the folder's own.</param>
    /// <param name="recipe">How rows become vectors.</param>
    /// <param name="data">The rows it learned from.</param>
    /// <param name="record">What was chosen, in words.</param>
    /// <param name="seed">The seed of everything drawn.</param>
    /// <param name="prompt">Name of the prompt that was put before each text.</param>
    /// <param name="thresholds">For several labels a row the least probability of each.</param>
    internal static LearnedTask FromTraining(
        string name, string method, Backbone backbone, TunedWeights weights, LinearHead? head, FeatureRecipe recipe, LabelledRows data, IReadOnlyDictionary<string, string> record, int seed,
        string? prompt, IReadOnlyList<double>? thresholds = null)
    {
        var features = new FeatureOptions { Prompt = prompt };
        var artifact = OnBackbone(name, method, backbone, recipe, head, data.Map, features) with
        {
            Kind = data.Kind,
            PairEncoding = data.Pairs ? recipe.Pairs.Name() : null,
            Thresholds = thresholds,
            Weights = weights,
            Training = new TrainingRecord(data.Rows.Count, seed) { Options = record },
        };
        return Restore(artifact, backbone);
    }

    private static PairEncoding? PairsOf(TaskArtifact artifact) => artifact.PairEncoding is { } name ? PairEncodings.Parse(name) : null;

    /// <summary>Rows are cut where they were cut when the task was learned.</summary>
    private static int? RecordedLimit(TaskArtifact artifact) =>
        artifact.Training?.Options.TryGetValue(MaxTokensOption, out var text) == true && int.TryParse(text, out var limit) && limit > 0 ? limit : null;

    /// <summary>What was asked for and what was found, in words; numbers that a head does not have are left out.</summary>
    private static Dictionary<string, string> Choices(FeatureExtractionOptions options, ExtractedHead found, TaskKind kind, int maxTokens)
    {
        var choices = new Dictionary<string, string>
        {
            ["head"] = options.Head switch { HeadMethod.NearestMean => "nearest-mean", HeadMethod.Lda => "lda", HeadMethod.Gradient => "gradient", _ => kind == TaskKind.Regression ? "ridge-regression" : "logistic-regression" },
            ["metric"] = Evaluation.Metrics.Name(options.MetricFor(kind)),
            ["balanced"] = options.BalancedWeights ? "true" : "false",
            [MaxTokensOption] = $"{maxTokens}",
        };
        if (!double.IsNaN(found.C)) choices[kind == TaskKind.Regression ? "penalty" : "c"] = $"{found.C}";
        if (!double.IsNaN(found.CrossValidated)) choices["cross_validated"] = $"{found.CrossValidated:F4}";
        return choices;
    }

    /// <summary>What the search compared, best first; empty for a task that was loaded.</summary>
    public IReadOnlyList<FeatureCandidate> Candidates { get; private init; } = [];

    /// <summary>How the mix of layers was learned, where it was; null for a task that was loaded.</summary>
    public ScalarMixFit? ScalarMix { get; private init; }

    /// <summary>The same task with the record of how its layers were chosen.</summary>
    internal LearnedTask WithMix(ScalarMixFit fit, FeatureReport? report)
    {
        var options = new Dictionary<string, string>(Artifact.Training!.Options)
        {
            ["layer_shares"] = string.Join(',', fit.Shares.Select(share => share.ToString("F3", System.Globalization.CultureInfo.InvariantCulture))),
            ["layer_scale"] = fit.Scale.ToString("G4", System.Globalization.CultureInfo.InvariantCulture),
        };
        return new LearnedTask(Artifact with { Training = Artifact.Training with { Options = options } }, Scorer) { Candidates = Candidates, Report = report, ScalarMix = fit, Scope = Scope };
    }

    /// <summary>What the backbone had to do while the task was learned; null for a task that was loaded.</summary>
    public FeatureReport? Report { get; private init; }

    /// <summary>The artifact of a head on a backbone's features; without a head, of the folder's own, which reads its network as it likes.</summary>
    internal static TaskArtifact OnBackbone(string name, string method, Backbone backbone, FeatureRecipe recipe, IHead? head, LabelMap labels, FeatureOptions features) => new()
    {
        Name = name,
        Kind = TaskKind.Classification,
        Method = method,
        Labels = labels.Names,
        HeadKind = head?.Kind ?? KeptHead,
        Layers = head is null ? null : recipe.Sentence ? SentenceVector : recipe.Layers.ToString(),
        Pooling = head is null ? null : recipe.Pooling.ToString().ToLowerInvariant(),
        Chunking = features.Chunk ? new ChunkingRecord(features.Limit(backbone), features.Overlap(backbone)) : null,
        PromptPrefix = features.PrefixFor(backbone) is { Length: > 0 } prefix ? prefix : null,
        Precision = Precisions.Name(backbone.Precision),
        Backbone = new BackboneReference(backbone.Hash, backbone.Config.ModelType, backbone.Name, backbone.Config.Width) { Source = Path.GetFullPath(backbone.Folder) },
        Arrays = head is null ? [] : [.. head.Arrays.Select(array => new NamedArray(array.Name, array.Shape, array.Values))],
    };
}
