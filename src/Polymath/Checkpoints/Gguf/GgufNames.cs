using System.Globalization;

namespace Polymath.Checkpoints.Gguf;

/// <summary>How a tensor lies in the file, compared with the Hugging Face layout.</summary>
internal enum GgufLayout
{
    /// <summary>As it should.</summary>
    Same,
    /// <summary>Rows of a query projection whose rotary halves are interleaved, head by head.</summary>
    InterleavedQueries,
    /// <summary>The same of a key projection.</summary>
    InterleavedKeys,
    /// <summary>[outputs, inputs] where GPT-2's Conv1D has [inputs, outputs].</summary>
    Transposed,
}

/// <summary>
/// Tensor names of a Hugging Face folder for those of a GGUF file. Names: ggml-org/llama.cpp, <c>gguf-py/gguf/tensor_mapping.py</c>; what is laid out
/// otherwise: its <c>convert_hf_to_gguf.py</c> (<c>LlamaModel.permute</c>, <c>GPT2Model.modify_tensors</c>).
/// </summary>
internal static class GgufNames
{
    private static readonly Dictionary<string, string> LlamaEnds = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> LlamaBlock = new()
    {
        ["attn_norm"] = "input_layernorm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    private static readonly Dictionary<string, string> Gpt2Ends = new()
    {
        ["token_embd"] = "transformer.wte",
        ["position_embd"] = "transformer.wpe",
        ["output_norm"] = "transformer.ln_f",
        ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> Gpt2Block = new()
    {
        ["attn_norm"] = "ln_1",
        ["ffn_norm"] = "ln_2",
        ["attn_qkv"] = "attn.c_attn",
        ["attn_output"] = "attn.c_proj",
        ["ffn_up"] = "mlp.c_fc",
        ["ffn_down"] = "mlp.c_proj",
    };

    /// <summary>The architectures that are known.</summary>
    public static IReadOnlyList<string> Architectures { get; } = ["llama", "qwen2", "gpt2"];

    /// <summary>The Hugging Face name and the layout; null where an architecture has no place for the tensor.</summary>
    public static (string Name, GgufLayout Layout)? Find(string architecture, string name)
    {
        var (ends, block, stem) = architecture == "gpt2" ? (Gpt2Ends, Gpt2Block, "transformer.h") : (LlamaEnds, LlamaBlock, "model.layers");
        var dot = name.LastIndexOf('.');
        var (part, suffix) = dot < 0 ? (name, "") : (name[..dot], name[dot..]);
        if (suffix is not (".weight" or ".bias")) return null;
        if (ends.TryGetValue(part, out var known)) return (known + suffix, GgufLayout.Same);
        if (part.Split('.') is not ["blk", var number, var inner] || !IsNumber(number) || !block.TryGetValue(inner, out known)) return null;
        return ($"{stem}.{number}.{known}{suffix}", Layout(architecture, inner, suffix));
    }

    /// <summary>Buffers that say nothing which the configuration does not.</summary>
    public static bool IsBuffer(string name) => name == RotaryFactors || name.EndsWith(".attn_rot_embd", StringComparison.Ordinal);

    /// <summary>The divisors of the rotary frequencies: what is left of llama3's scaling.</summary>
    public const string RotaryFactors = "rope_freqs.weight";

    private static GgufLayout Layout(string architecture, string inner, string suffix) => (architecture, inner) switch
    {
        ("llama", "attn_q") => GgufLayout.InterleavedQueries,
        ("llama", "attn_k") => GgufLayout.InterleavedKeys,
        ("gpt2", "attn_qkv" or "attn_output" or "ffn_up" or "ffn_down") when suffix == ".weight" => GgufLayout.Transposed,
        _ => GgufLayout.Same,
    };

    private static bool IsNumber(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && $"{number}" == text;
}
