namespace Polymath.Tests;

/// <summary>Small whole GGUF files, for tests and for the benchmark <c>fuzz</c>.</summary>
internal static class GgufSeeds
{
    /// <summary>A llama of one block, with quantised and plain tensors and a byte-pair tokenizer.</summary>
    /// <param name="ends">Whether its first token ends a text.</param>
    public static byte[] Llama(bool ends = false)
    {
        var random = new Random(7);
        byte[] Blocks(int count, int size, params int[] scales)
        {
            var bytes = new byte[count * size];
            random.NextBytes(bytes);
            for (var block = 0; block < count; block++)
                foreach (var at in scales) BitConverter.TryWriteBytes(bytes.AsSpan(block * size + at), (Half)0.01);
            return bytes;
        }
        var builder = new GgufBuilder();
        if (ends) builder.Set("tokenizer.ggml.eos_token_id", 0u);
        return builder
            .Set("general.architecture", "llama").Set("llama.block_count", 1u).Set("llama.context_length", 16u).Set("llama.embedding_length", 32u)
            .Set("llama.feed_forward_length", 32u).Set("llama.attention.head_count", 2u).Set("llama.attention.head_count_kv", 1u)
            .Set("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", "smollm").Set("tokenizer.ggml.tokens", new[] { "<s>", "a", "b", "ab", "Ġ" })
            .Set("tokenizer.ggml.token_type", new[] { 3, 1, 1, 1, 1 }).Set("tokenizer.ggml.merges", new[] { "a b" }).Set("tokenizer.ggml.bos_token_id", 0u)
            .Tensor("token_embd.weight", 8, [5, 32], Blocks(5, 34, 0))
            .Tensor("output_norm.weight", [32], new float[32])
            .Tensor("blk.0.attn_norm.weight", [32], new float[32])
            .Tensor("blk.0.ffn_norm.weight", [32], new float[32])
            .Tensor("blk.0.attn_q.weight", 3, [32, 32], Blocks(32, 20, 0, 2))
            .Tensor("blk.0.attn_k.weight", 2, [16, 32], Blocks(16, 18, 0))
            .Tensor("blk.0.attn_v.weight", 1, [16, 32], new byte[16 * 32 * 2])
            .Tensor("blk.0.attn_output.weight", 20, [32, 32], Blocks(32, 18, 0))
            .Tensor("blk.0.ffn_gate.weight", 6, [32, 32], Blocks(32, 22, 0))
            .Tensor("blk.0.ffn_up.weight", 7, [32, 32], Blocks(32, 24, 0, 2))
            .Tensor("blk.0.ffn_down.weight", 30, [32, 32], new byte[32 * 32 * 2])
            .Build();
    }
}
