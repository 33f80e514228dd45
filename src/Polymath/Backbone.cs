using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;

namespace Polymath;

/// <summary>How a backbone is loaded.</summary>
public sealed record BackboneOptions
{
    /// <summary>The number format of the forward pass.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Whether the folder's own head (a sentiment model's, a tagger's) is loaded as well.</summary>
    public bool WithHead { get; init; }

    /// <summary>The most tokens (special tokens included) of a row; null takes the folder's own limit.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Tokens of one packed batch. Batches are a pure function of the rows and this number.</summary>
    public int TokenBudget { get; init; } = 2048;

    /// <summary>Where hashes of large files are remembered; null for the user's cache folder.</summary>
    public string? CacheFolder { get; init; }
}

/// <summary>
/// A pre-trained encoder from a Hugging Face folder, frozen: network, tokenizer, and what the folder says about turning text into one vector.
/// Immutable, and safe to use from many threads at once.
/// </summary>
public sealed class Backbone : IDisposable
{
    private readonly BackboneOptions _options;
    private readonly Lazy<string> _hash;
    private long _forwardPasses;

    private Backbone(string folder, BackboneOptions options, Network network, Tokenizer tokenizer, SentencePipeline sentence, Lazy<string>? hash = null)
    {
        (Folder, _options, Network, Tokenizer, Sentence) = (folder, options, network, tokenizer, sentence);
        _hash = hash ?? new Lazy<string>(ComputeHash);
    }

    /// <summary>The folder it was loaded from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name, for people.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>The settings of the network.</summary>
    public NetworkConfig Config => Network.Config;

    /// <summary>The tokenizer of the folder.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Pooling, normalisation, length limit and prompts of the folder.</summary>
    public SentencePipeline Sentence { get; }

    /// <summary>SHA-256 of the weights and of the settings that change results; a task belongs to exactly one such hash.</summary>
    public string Hash => _hash.Value;

    /// <summary>The number format of the forward pass, resolved.</summary>
    public Precision Precision => Precisions.Resolve(_options.Precision);

    /// <summary>Batches that have gone through the network.</summary>
    public long ForwardPasses => Interlocked.Read(ref _forwardPasses);

    /// <summary>
    /// The most tokens of a row, special tokens included: what was asked for, else the sentence settings (which win over the tokenizer file's own
    /// truncation), else the tokenizer's limit; never more than the network has positions.
    /// </summary>
    public int MaxTokens => Math.Min(Network.MaxTokens, _options.MaxTokens ?? Sentence.MaxTokens ?? Tokenizer.ModelMaxLength ?? Network.MaxTokens);

    internal Network Network { get; }

    internal int TokenBudget => _options.TokenBudget;

    /// <summary>Loads config.json, the weights, the tokenizer and, where there is one, the sentence-transformers description of a folder.</summary>
    /// <exception cref="PolymathException">A file is missing or broken, the family is not known, or a tensor is missing or misshapen.</exception>
    public static Backbone Load(string folder, BackboneOptions? options = null)
    {
        options ??= new BackboneOptions();
        var configFile = Path.Combine(folder, "config.json");
        if (!Directory.Exists(folder)) throw new PolymathException($"{folder}: there is no such folder; expected a Hugging Face folder with config.json and model.safetensors");
        if (!File.Exists(configFile)) throw new PolymathException($"{folder}: there is no config.json; expected a Hugging Face folder with config.json and model.safetensors");
        var config = NetworkConfig.Read(configFile);
        var tokenizer = Tokenizer.Load(folder);
        var sentence = SentencePipeline.Read(folder);
        sentence.Check(folder, config.Width);
        using var scope = torch.NewDisposeScope();
        using var checkpoint = Checkpoint.Open(folder);
        var network = Families.Load(config, checkpoint, Precisions.TensorType(options.Precision), trainable: false, options.WithHead);
        return new Backbone(folder, options, network, tokenizer, sentence);
    }

    /// <summary>
    /// The vector of each text, [rows, width]: last layer, pooled, through the folder's dense layers and normalisation where it has them,
    /// as sentence-transformers' <c>encode</c> gives it.
    /// </summary>
    /// <param name="texts">Rows; texts beyond <see cref="MaxTokens"/> are cut.</param>
    /// <param name="prompt">Name of one of the folder's prompts, or null for its default.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public float[][] Embed(IEnumerable<string> texts, string? prompt = null, CancellationToken cancellation = default)
    {
        var extractor = new Features.FeatureExtractor(this, new Features.FeatureOptions { Poolings = [Sentence.Pooling], LastLayerOnly = true, Prompt = prompt });
        var rows = texts.Select(text => new Tasks.Row(text));
        return [.. extractor.Extract(rows, cancellation: cancellation).SelectMany(block => block.Vectors(Sentence.Pooling).Select(vector => Sentence.Finish(vector.Span)))];
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Network.Dispose();

    /// <summary>The same network with weights that training gave it; tokenizer and settings are shared.</summary>
    internal Backbone Tuned(Adaptation.TunedWeights weights, bool withHead)
    {
        using var scope = torch.NewDisposeScope();
        using var source = weights.Open();
        var network = Families.Load(Config, source, Precisions.TensorType(_options.Precision), trainable: false, withHead);
        return new Backbone(Folder, _options, network, Tokenizer, Sentence, new Lazy<string>(() => weights.Hash));
    }

    /// <summary>The network with its folder's weights as float32 parameters that gradients reach; the caller owns it.</summary>
    /// <param name="withHead">Whether the folder's own head is loaded.</param>
    /// <param name="vocabulary">The tokens that it must know; null for all.</param>
    internal Network LoadTrainable(bool withHead, Adaptation.UsedVocabulary? vocabulary = null)
    {
        using var scope = torch.NewDisposeScope();
        using var checkpoint = Checkpoint.Open(Folder);
        return vocabulary is null ? Families.Load(Config, checkpoint, torch.ScalarType.Float32, trainable: true, withHead)
            : Families.Load(Config with { VocabularySize = vocabulary.Count }, vocabulary.Restrict(checkpoint), torch.ScalarType.Float32, trainable: true, withHead);
    }

    private string ComputeHash()
    {
        using var checkpoint = Checkpoint.Open(Folder);
        return BackboneHash.Compute(checkpoint, Config.HashFields(), _options.CacheFolder ?? CacheFolder.Default);
    }

    internal void CountForwardPass() => Interlocked.Increment(ref _forwardPasses);
}
