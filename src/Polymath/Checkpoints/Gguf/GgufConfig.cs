using System.Text.Json;
using System.Text.Json.Nodes;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// The config.json that the folder of the same model would have, from the metadata. Keys of the metadata: ggml-org/ggml, <c>docs/gguf.md</c>; of the
/// configuration: huggingface/transformers, <c>configuration_llama.py</c> and its siblings, in the spelling that all versions read.
/// </summary>
internal static class GgufConfig
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly string[] EndRoles = ["eos", "eot", "eom"];

    /// <exception cref="PolymathException">A value is missing, or asks for what no configuration can say.</exception>
    public static string Write(GgufFile file, GgufDimensions dimensions)
    {
        var config = dimensions.Architecture == "gpt2" ? Gpt2(file, dimensions) : Llama(file, dimensions);
        config["vocab_size"] = dimensions.Vocabulary;
        config["tie_word_embeddings"] = !file.Tensors.ContainsKey("output.weight");
        config["bos_token_id"] = Token(file.Metadata, "bos");
        config["eos_token_id"] = Ends(file.Metadata);
        config["pad_token_id"] = Token(file.Metadata, "padding");
        return config.ToJsonString(Indented);
    }

    private static int? Token(GgufMetadata metadata, string role) => metadata.Count($"tokenizer.ggml.{role}_token_id");

    /// <summary>The tokens that end a text, a turn and a message; a list where they are several.</summary>
    private static JsonNode? Ends(GgufMetadata metadata)
    {
        int[] ends = [.. EndRoles.Select(role => Token(metadata, role)).OfType<int>().Distinct()];
        return ends.Length switch { 0 => null, 1 => ends[0], _ => new JsonArray([.. ends.Select(end => (JsonNode)end)]) };
    }

    private static JsonObject Gpt2(GgufFile file, GgufDimensions dimensions) => new()
    {
        ["architectures"] = new JsonArray("GPT2LMHeadModel"),
        ["model_type"] = "gpt2",
        ["n_embd"] = dimensions.Width,
        ["n_layer"] = dimensions.Layers,
        ["n_head"] = dimensions.Heads,
        ["n_inner"] = file.Metadata.Size("gpt2.feed_forward_length"),
        ["n_positions"] = file.Metadata.Size("gpt2.context_length"),
        ["layer_norm_epsilon"] = file.Metadata.Number("gpt2.attention.layer_norm_epsilon") ?? 1e-5f,
        ["activation_function"] = "gelu_new",
    };

    /// <summary>llama, qwen2, and Mistral: a llama with a sliding window.</summary>
    private static JsonObject Llama(GgufFile file, GgufDimensions dimensions)
    {
        var (metadata, prefix) = (file.Metadata, dimensions.Architecture);
        var window = metadata.Count(prefix + ".attention.sliding_window") is > 0 and var size ? size : (int?)null;
        var type = prefix == "llama" && window is not null ? "mistral" : prefix;
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(type switch { "mistral" => "MistralForCausalLM", "qwen2" => "Qwen2ForCausalLM", _ => "LlamaForCausalLM" }),
            ["model_type"] = type,
            ["hidden_size"] = dimensions.Width,
            ["intermediate_size"] = metadata.Size(prefix + ".feed_forward_length"),
            ["num_hidden_layers"] = dimensions.Layers,
            ["num_attention_heads"] = dimensions.Heads,
            ["num_key_value_heads"] = dimensions.KeyHeads,
            ["head_dim"] = dimensions.HeadWidth,
            ["max_position_embeddings"] = metadata.Size(prefix + ".context_length"),
            ["rms_norm_eps"] = metadata.Number(prefix + ".attention.layer_norm_rms_epsilon")
                ?? throw new PolymathException($"{file.Path}: the metadata lacks '{prefix}.attention.layer_norm_rms_epsilon'; the file is not complete"),
            ["hidden_act"] = "silu",
            ["rope_theta"] = GgufRotary.Base(metadata, prefix),
            ["rope_scaling"] = GgufRotary.Scaling(file, dimensions),
        };
        if (type == "llama")
        {
            config["attention_bias"] = file.Tensors.ContainsKey("blk.0.attn_q.bias");
            config["mlp_bias"] = file.Tensors.ContainsKey("blk.0.ffn_down.bias");
        }
        if (type == "mistral") config["sliding_window"] = window;
        if (type == "qwen2")
        {
            config["sliding_window"] = window;
            config["use_sliding_window"] = window is not null;
        }
        return config;
    }
}
