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
    /// <summary>Scores of the next token.</summary>
    LanguageModel,
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

/// <summary>The part of a network's config.json that changes its results, under one name for all families; what one family alone has, its file reads itself.</summary>
public sealed record NetworkConfig
{
    /// <summary>The family: bert, roberta, gpt2, llama, t5, bart…</summary>
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

    /// <summary>All settings, for a family's own.</summary>
    internal ConfigFile File { get; private init; } = ConfigFile.Parse("{}"u8.ToArray(), "");

    /// <summary>Reads config.json; the key styles of all known families are understood.</summary>
    /// <exception cref="PolymathException">Not JSON, or a value is missing, of the wrong kind or out of range; the message names it.</exception>
    public static NetworkConfig Read(string path)
    {
        var config = From(ConfigFile.Open(path), path);
        var generation = Path.Combine(Path.GetDirectoryName(path) ?? "", GenerationFile);
        return config.DecoderStart is null && System.IO.File.Exists(generation) && ConfigFile.Open(generation).Integers("decoder_start_token_id") is { Count: > 0 } start
            ? config with { DecoderStart = start[0] } : config;
    }

    /// <summary>The file of settings for writing that stands beside config.json.</summary>
    internal const string GenerationFile = "generation_config.json";

    /// <summary>The token that an encoder-decoder's text starts with; null where no file says it.</summary>
    internal int? DecoderStart { get; private init; }

    /// <summary>Whether the output layer of a language model of this family is its token embeddings: what config.json says, or else the family's habit.</summary>
    internal bool OutputIsTied => File.BoolOr(ModelType is "gpt2" or "t5" or "bart", "tie_word_embeddings") && ModelType is "gpt2" or "t5" or "bart" or "llama" or "mistral" or "qwen2";

    /// <summary>The same from settings that stand elsewhere.</summary>
    internal static NetworkConfig From(ConfigFile json, string path)
    {
        var architecture = json.Strings("architectures").FirstOrDefault() ?? "";
        var width = json.Int(1, "hidden_size", "dim", "n_embd", "d_model");
        var labels = ReadLabels(json);
        var family = json.Text("model_type");
        var config = new NetworkConfig
        {
            ModelType = family,
            VocabularySize = json.Int(1, "vocab_size"),
            Width = width,
            EmbeddingWidth = json.IntOr(width, 1, "embedding_size"),
            Layers = json.Int(1, family == "bart" ? ["encoder_layers", "num_hidden_layers"] : ["num_hidden_layers", "n_layers", "n_layer", "num_layers"]),
            Heads = json.Int(1, "num_attention_heads", "n_heads", "n_head", "num_heads", "encoder_attention_heads"),
            Intermediate = json.Has("n_embd") ? json.IntOr(4 * width, 1, "n_inner") : json.Int(1, "intermediate_size", "hidden_dim", "d_ff", "encoder_ffn_dim"),
            MaxPositions = json.Has("d_kv") ? 1 << 20 : json.Int(1, "max_position_embeddings", "n_positions", "n_ctx"),
            TypeVocabulary = json.IntOr(0, 0, "type_vocab_size"),
            PadTokenId = Math.Max(0, json.IntOr(0, -1, "pad_token_id")), // −1 stands for none
            LayerNormEpsilon = json.NumberOr(family switch { "gpt2" or "modernbert" => 1e-5, "llama" or "mistral" or "qwen2" or "t5" => 1e-6, _ => 1e-12 }, "layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps", "norm_eps"),
            Activation = json.TextOr(family switch { "gpt2" => "gelu_new", "llama" or "mistral" or "qwen2" => "silu", "t5" => "relu", _ => "gelu" }, "hidden_act", "activation", "activation_function", "hidden_activation", "dense_act_fn"),
            RelativeBuckets = json.IntOr(32, 2, "relative_attention_num_buckets"),
            TieWordEmbeddings = json.BoolOr(true, "tie_word_embeddings"),
            Head = architecture switch
            {
                _ when architecture.EndsWith("ForMaskedLM", StringComparison.Ordinal) => HeadKind.MaskedLanguageModel,
                _ when architecture.EndsWith("ForSequenceClassification", StringComparison.Ordinal) => HeadKind.SequenceClassification,
                _ when architecture.EndsWith("ForTokenClassification", StringComparison.Ordinal) => HeadKind.TokenClassification,
                _ when architecture.EndsWith("ForCausalLM", StringComparison.Ordinal) || architecture.EndsWith("LMHeadModel", StringComparison.Ordinal)
                    || architecture.EndsWith("ForConditionalGeneration", StringComparison.Ordinal) => HeadKind.LanguageModel,
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
            File = json,
            DecoderStart = json.Integers("decoder_start_token_id") is { Count: > 0 } start ? start[0] : null,
        };
        if (config.Width % config.Heads != 0 && !json.Has("head_dim") && !json.Has("d_kv"))
            throw new PolymathException($"{path}: the width {config.Width} is not a multiple of the {config.Heads} attention heads");
        return config;
    }

    /// <summary>The values that change results, as pairs for the backbone's hash.</summary>
    internal IEnumerable<KeyValuePair<string, string>> HashFields() =>
    [
        new("model_type", ModelType), new("heads", $"{Heads}"), new("eps", $"{LayerNormEpsilon:R}"), new("activation", Activation),
        new("pad", $"{PadTokenId}"), new("layers", $"{Layers}"), new("buckets", $"{RelativeBuckets}"),
        .. Own.Concat(ModelType is "bert" or "roberta" or "xlm-roberta" or "camembert" or "distilbert" or "mpnet" or "electra" ? [] : Later).Where(File.Has).Select(key => new KeyValuePair<string, string>(key, File.Root.GetProperty(key).GetRawText())),
    ];

    /// <summary>Settings that change results of all but BERT's kin, whose tasks have a hash without them.</summary>
    private static readonly string[] Later = ["tie_word_embeddings", "decoder_start_token_id", "classifier_activation"];

    /// <summary>Settings of single families that change results.</summary>
    private static readonly string[] Own =
    [
        "num_key_value_heads", "head_dim", "rope_theta", "rope_scaling", "rope_parameters", "sliding_window", "use_sliding_window", "max_window_layers", "layer_types",
        "local_attention", "global_attn_every_n_layers", "global_rope_theta", "local_rope_theta", "classifier_pooling",
        "d_kv", "feed_forward_proj", "relative_attention_max_distance", "scale_decoder_outputs", "scale_embedding", "decoder_layers", "decoder_attention_heads", "num_decoder_layers",
    ];

    private static List<string> ReadLabels(ConfigFile json)
    {
        var named = json.Map("id2label");
        if (named.Count == 0) return [.. Enumerable.Range(0, json.IntOr(2, 1, "num_labels")).Select(i => $"LABEL_{i}")];
        return [.. Enumerable.Range(0, named.Count).Select(i => named.TryGetValue($"{i}", out var name) ? name
            : throw new PolymathException($"{json.Source}: id2label has {named.Count} entries but none for {i}"))];
    }
}
