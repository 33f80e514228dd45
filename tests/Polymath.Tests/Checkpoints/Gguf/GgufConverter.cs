using System.Text.Json.Nodes;
using Polymath.Checkpoints;
using TorchSharp;

namespace Polymath.Tests;

/// <summary>
/// A Hugging Face folder as a GGUF file of float32, as ggml-org/llama.cpp's <c>convert_hf_to_gguf.py</c> writes it: query and key rows of llamas
/// permuted, GPT-2's layers transposed, llama3's scaling as a tensor.
/// </summary>
internal static class GgufConverter
{
    private static readonly (string From, string To)[] Names =
    [
        ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"), ("model.layers.", "blk."), ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"),
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
        ("transformer.wte", "token_embd"), ("transformer.wpe", "position_embd"), ("transformer.ln_f", "output_norm"), ("transformer.h.", "blk."), ("ln_1", "attn_norm"), ("ln_2", "ffn_norm"),
        ("attn.c_attn", "attn_qkv"), ("attn.c_proj", "attn_output"), ("mlp.c_fc", "ffn_up"), ("mlp.c_proj", "ffn_down"),
    ];

    public static GgufBuilder Convert(JsonObject config, SafetensorsFile weights)
    {
        var type = (string)config["model_type"]!;
        var prefix = type == "mistral" ? "llama" : type;
        var builder = new GgufBuilder().Set("general.architecture", prefix);
        void Copy(string to, params string[] from)
        {
            if (from.Select(key => config[key]).FirstOrDefault(value => value is not null) is { } value) builder.Set($"{prefix}.{to}", (uint)(int)value);
        }
        Copy("block_count", "num_hidden_layers", "n_layer");
        Copy("embedding_length", "hidden_size", "n_embd");
        Copy("feed_forward_length", "intermediate_size");
        Copy("context_length", "max_position_embeddings", "n_positions");
        Copy("attention.head_count", "num_attention_heads", "n_head");
        Copy("attention.head_count_kv", "num_key_value_heads");
        Copy("attention.key_length", "head_dim");
        Copy("attention.sliding_window", "sliding_window");
        if (type == "gpt2") builder.Set("gpt2.feed_forward_length", 4 * (uint)(int)config["n_embd"]!).Set("gpt2.attention.layer_norm_epsilon", (float)config["layer_norm_epsilon"]!);
        else builder.Set($"{prefix}.attention.layer_norm_rms_epsilon", (float)config["rms_norm_eps"]!);
        if (config["bos_token_id"] is { } bos) builder.Set("tokenizer.ggml.bos_token_id", (uint)(int)bos);
        if (config["eos_token_id"] is { } eos) builder.Set("tokenizer.ggml.eos_token_id", (uint)(int)eos);
        if (config["rope_parameters"] is JsonObject rotary) Rotary(builder, prefix, rotary, (int)(config["head_dim"] ?? 8));
        foreach (var name in weights.Tensors.Keys) Tensor(builder, name, type, config, weights);
        return builder;
    }

    private static void Rotary(GgufBuilder builder, string prefix, JsonObject rotary, int width)
    {
        builder.Set($"{prefix}.rope.freq_base", (float)rotary["rope_theta"]!).Set($"{prefix}.rope.dimension_count", (uint)width);
        if ((string)rotary["rope_type"]! == "linear") builder.Set($"{prefix}.rope.scaling.type", "linear").Set($"{prefix}.rope.scaling.factor", (float)rotary["factor"]!);
        if ((string)rotary["rope_type"]! != "llama3") return;
        var (factor, low, high, original) = ((float)rotary["factor"]!, (float)rotary["low_freq_factor"]!, (float)rotary["high_freq_factor"]!, (float)rotary["original_max_position_embeddings"]!);
        builder.Set($"{prefix}.rope.scaling.original_context_length", (uint)original);
        var divisors = Enumerable.Range(0, width / 2).Select(i =>
        {
            var wave = 2 * MathF.PI * MathF.Pow((float)rotary["rope_theta"]!, 2f * i / width);
            var smooth = (original / wave - low) / (high - low);
            return wave < original / high ? 1 : wave > original / low ? factor : 1 / ((1 - smooth) / factor + smooth);
        });
        builder.Tensor("rope_freqs.weight", [width / 2], [.. divisors]);
    }

    private static void Tensor(GgufBuilder builder, string name, string type, JsonObject config, SafetensorsFile weights)
    {
        using var scope = torch.NewDisposeScope();
        var tensor = weights.Read(name);
        if (type is "llama" or "mistral" && (name.Contains("q_proj", StringComparison.Ordinal) || name.Contains("k_proj", StringComparison.Ordinal)))
        {
            var heads = (int)config[name.Contains("q_proj", StringComparison.Ordinal) ? "num_attention_heads" : "num_key_value_heads"]!;
            tensor = tensor.reshape(heads, 2, tensor.shape[0] / heads / 2, tensor.shape[1]).swapaxes(1, 2).reshape(tensor.shape);
        }
        if (type == "gpt2" && name.Contains(".c_", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal)) tensor = tensor.t();
        var to = Names.Aggregate(name, (text, pair) => text.Replace(pair.From, pair.To, StringComparison.Ordinal));
        builder.Tensor(to, tensor.shape, tensor.contiguous().data<float>().ToArray());
    }
}
