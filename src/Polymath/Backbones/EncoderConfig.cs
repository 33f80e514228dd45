using System.Text.Json;
using Polymath.Native;

namespace Polymath.Backbones;

/// <summary>What a folder's own head does.</summary>
public enum HeadKind
{
    /// <summary>The folder holds a bare network.</summary>
    None,
    /// <summary>Scores of the vocabulary for each token.</summary>
    MaskedLanguageModel,
    /// <summary>One set of scores for each row.</summary>
    SequenceClassification,
    /// <summary>One set of scores for each token.</summary>
    TokenClassification,
}

/// <summary>How a sequence head's scores are meant (<c>problem_type</c> of config.json).</summary>
public enum ProblemType
{
    /// <summary>One label: softmax, cross-entropy.</summary>
    SingleLabel,
    /// <summary>Any number of labels: sigmoid, binary cross-entropy.</summary>
    MultiLabel,
    /// <summary>Numbers: mean squared error.</summary>
    Regression,
}

/// <summary>The part of an encoder's config.json that changes its results, under one name for all families.</summary>
public sealed record EncoderConfig
{
    /// <summary>The family: bert, roberta, xlm-roberta, distilbert, mpnet, electra…</summary>
    public required string ModelType { get; init; }
    /// <summary>Number of tokens known.</summary>
    public required int VocabularySize { get; init; }
    /// <summary>Width of the hidden states.</summary>
    public required int Width { get; init; }
    /// <summary>Width of the embeddings where it differs (ELECTRA).</summary>
    public required int EmbeddingWidth { get; init; }
    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }
    /// <summary>Attention heads of a block.</summary>
    public required int Heads { get; init; }
    /// <summary>Width inside the feed-forward part.</summary>
    public required int Intermediate { get; init; }
    /// <summary>Rows of the position table.</summary>
    public required int MaxPositions { get; init; }
    /// <summary>Token types; 0 where the family has none.</summary>
    public required int TypeVocabulary { get; init; }
    /// <summary>Padding id, from which RoBERTa counts positions.</summary>
    public required int PadTokenId { get; init; }
    /// <summary>ε of the layer norms.</summary>
    public required double LayerNormEpsilon { get; init; }
    /// <summary>Name of the feed-forward activation.</summary>
    public required string Activation { get; init; }
    /// <summary>Buckets of relative positions (MPNet).</summary>
    public required int RelativeBuckets { get; init; }
    /// <summary>Whether the output layer of a language model shares the token embeddings.</summary>
    public required bool TieWordEmbeddings { get; init; }
    /// <summary>What the folder's own head does.</summary>
    public required HeadKind Head { get; init; }
    /// <summary>How its scores are meant.</summary>
    public required ProblemType Problem { get; init; }
    /// <summary>Its labels in order.</summary>
    public required IReadOnlyList<string> Labels { get; init; }
    /// <summary>The file this was read from, for messages.</summary>
    public required string Source { get; init; }

    internal Activation FeedForwardActivation => Activations.Parse(Activation, Source);

    /// <summary>Reads config.json; both key styles of DistilBERT and its kin are understood.</summary>
    /// <exception cref="PolymathException">Not JSON, or a value is missing, of the wrong kind or out of range; the message names it.</exception>
    public static EncoderConfig Read(string path)
    {
        using var json = ConfigFile.Open(path);
        var architecture = json.Strings("architectures").FirstOrDefault() ?? "";
        var width = json.Int(1, "hidden_size", "dim");
        var labels = Labels_(json);
        var config = new EncoderConfig
        {
            ModelType = json.Text("model_type"),
            VocabularySize = json.Int(1, "vocab_size"),
            Width = width,
            EmbeddingWidth = json.IntOr(width, 1, "embedding_size"),
            Layers = json.Int(1, "num_hidden_layers", "n_layers"),
            Heads = json.Int(1, "num_attention_heads", "n_heads"),
            Intermediate = json.Int(1, "intermediate_size", "hidden_dim"),
            MaxPositions = json.Int(1, "max_position_embeddings"),
            TypeVocabulary = json.IntOr(0, 0, "type_vocab_size"),
            PadTokenId = json.IntOr(0, 0, "pad_token_id"),
            LayerNormEpsilon = json.NumberOr(1e-12, "layer_norm_eps"),
            Activation = json.TextOr("gelu", "hidden_act", "activation"),
            RelativeBuckets = json.IntOr(32, 2, "relative_attention_num_buckets"),
            TieWordEmbeddings = json.BoolOr(true, "tie_word_embeddings"),
            Head = architecture switch
            {
                _ when architecture.EndsWith("ForMaskedLM", StringComparison.Ordinal) => HeadKind.MaskedLanguageModel,
                _ when architecture.EndsWith("ForSequenceClassification", StringComparison.Ordinal) => HeadKind.SequenceClassification,
                _ when architecture.EndsWith("ForTokenClassification", StringComparison.Ordinal) => HeadKind.TokenClassification,
                _ => HeadKind.None,
            },
            Problem = json.TextOr("", "problem_type") switch
            {
                "multi_label_classification" => ProblemType.MultiLabel,
                "regression" => ProblemType.Regression,
                "single_label_classification" => ProblemType.SingleLabel,
                _ => labels.Count == 1 ? ProblemType.Regression : ProblemType.SingleLabel,
            },
            Labels = labels,
            Source = path,
        };
        if (config.Width % config.Heads != 0)
            throw new PolymathException($"{path}: the width {config.Width} is not a multiple of the {config.Heads} attention heads");
        return config;
    }

    /// <summary>The values that change results, as pairs for the backbone's hash.</summary>
    internal IEnumerable<KeyValuePair<string, string>> HashFields() =>
    [
        new("model_type", ModelType), new("heads", $"{Heads}"), new("eps", $"{LayerNormEpsilon:R}"), new("activation", Activation),
        new("pad", $"{PadTokenId}"), new("layers", $"{Layers}"), new("buckets", $"{RelativeBuckets}"),
    ];

    private static List<string> Labels_(ConfigFile json)
    {
        var named = json.Map("id2label");
        if (named.Count == 0) return [.. Enumerable.Range(0, json.IntOr(2, 1, "num_labels")).Select(i => $"LABEL_{i}")];
        return [.. Enumerable.Range(0, named.Count).Select(i => named.TryGetValue($"{i}", out var name) ? name
            : throw new PolymathException($"{json.Source}: id2label has {named.Count} entries but none for {i}"))];
    }
}

/// <summary>A JSON object of settings, read with one-line errors that name the file and the key.</summary>
internal sealed class ConfigFile : IDisposable
{
    private readonly JsonDocument _document;

    private ConfigFile(JsonDocument document, string source) => (_document, Source) = (document, source);

    public string Source { get; }

    public JsonElement Root => _document.RootElement;

    public static ConfigFile Open(string path)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind == JsonValueKind.Object) return new ConfigFile(document, path);
            document.Dispose();
            throw new PolymathException($"{path}: expected a JSON object");
        }
        catch (JsonException error) { throw new PolymathException($"{path}: not valid JSON at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}", error); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { throw new PolymathException($"{path}: cannot be read ({Disk.FirstLine(error)})", error); }
    }

    public int Int(int least, params string[] keys)
    {
        foreach (var key in keys)
            if (Root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null)
                return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number < 1 << 28
                    ? number : throw new PolymathException($"{Source}: '{key}' is {value.GetRawText()}; expected a whole number of at least {least}");
        throw new PolymathException($"{Source}: '{keys[0]}' is missing; is this the config.json of a Hugging Face encoder?");
    }

    public int IntOr(int otherwise, int least, params string[] keys) => keys.Any(Has) ? Int(least, keys) : otherwise;

    public double NumberOr(double otherwise, string key) => !Has(key) ? otherwise :
        Root.GetProperty(key) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number : throw new PolymathException($"{Source}: '{key}' is {Root.GetProperty(key).GetRawText()}; expected a number");

    public string Text(string key) => Has(key) ? TextOr("", key) : throw new PolymathException($"{Source}: '{key}' is missing; expected the family's name such as \"bert\"");

    public string TextOr(string otherwise, params string[] keys)
    {
        foreach (var key in keys.Where(Has))
            return Root.GetProperty(key) is { ValueKind: JsonValueKind.String } value
                ? value.GetString()! : throw new PolymathException($"{Source}: '{key}' is {Root.GetProperty(key).GetRawText()}; expected a text");
        return otherwise;
    }

    public bool BoolOr(bool otherwise, string key) => !Has(key) ? otherwise : Root.GetProperty(key).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new PolymathException($"{Source}: '{key}' is {Root.GetProperty(key).GetRawText()}; expected true or false"),
    };

    public IReadOnlyList<string> Strings(string key) => Has(key) && Root.GetProperty(key).ValueKind == JsonValueKind.Array
        ? [.. Root.GetProperty(key).EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)] : [];

    public IReadOnlyDictionary<string, string> Map(string key) => Has(key) && Root.GetProperty(key).ValueKind == JsonValueKind.Object
        ? Root.GetProperty(key).EnumerateObject().GroupBy(item => item.Name).ToDictionary(group => group.Key, group => group.Last().Value.ToString()) : new Dictionary<string, string>();

    public bool Has(string key) => Root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    public void Dispose() => _document.Dispose();
}
