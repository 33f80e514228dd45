using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Text;
using TorchSharp;

namespace Polymath.Generation;

/// <summary>How a language model reads and answers.</summary>
public enum LanguageModelKind
{
    /// <summary>Reads from left to right and goes on with the text (GPT-2, Llama).</summary>
    Decoder,
    /// <summary>Reads a source, then writes (T5, BART).</summary>
    EncoderDecoder,
    /// <summary>Fills gaps in a text (BERT).</summary>
    Masked,
}

/// <summary>Stand-in until the model is here.</summary>
public sealed class LanguageModel : IAnswerScorer, IDisposable
{
    private readonly Network _network;
    private LanguageModel(Network network, Tokenizer tokenizer, string name, string hash) => (_network, Tokenizer, Name, Hash) = (network, tokenizer, name, hash);
    /// <summary>Stand-in.</summary>
    public static LanguageModel Load(string path)
    {
        using var scope = torch.NewDisposeScope();
        using var checkpoint = Checkpoint.Open(path);
        var config = checkpoint.Gguf is { } gguf ? NetworkConfig.From(ConfigFile.Parse(System.Text.Encoding.UTF8.GetBytes(gguf.ConfigJson), path), path) : NetworkConfig.Read(Path.Combine(path, "config.json"));
        var network = Families.Load(config, checkpoint, torch.ScalarType.Float32, trainable: false, withHead: true);
        return new LanguageModel(network, checkpoint.Gguf?.ReadTokenizer() ?? Tokenizer.Load(path), Path.GetFileNameWithoutExtension(path), BackboneHash.Compute(checkpoint, config.HashFields()));
    }
    /// <summary>Stand-in.</summary>
    public Tokenizer Tokenizer { get; }
    /// <summary>Stand-in.</summary>
    public string Name { get; }
    /// <summary>Stand-in.</summary>
    public string Hash { get; }
    /// <summary>Stand-in.</summary>
    public int MaxTokens => _network.MaxTokens;
    /// <summary>Stand-in.</summary>
    public LanguageModelKind Kind => _network is EncoderDecoder ? LanguageModelKind.EncoderDecoder : LanguageModelKind.Decoder;
    /// <inheritdoc/>
    public IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default) => new PrefixTreeScorer(_network).LogProbabilities(requests, cancellation);
    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();
}
