namespace Polymath.Checkpoints.Gguf;

/// <summary>The sizes of the network that the metadata give, compared with the tensors.</summary>
/// <param name="Architecture">llama, qwen2 or gpt2: what the keys of the metadata begin with.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Width">Width of the hidden states.</param>
/// <param name="Heads">Number of query heads.</param>
/// <param name="KeyHeads">Number of key and value heads.</param>
/// <param name="HeadWidth">Width of a head.</param>
/// <param name="Vocabulary">Rows of the embedding table.</param>
internal sealed record GgufDimensions(string Architecture, int Layers, int Width, int Heads, int KeyHeads, int HeadWidth, int Vocabulary)
{
    /// <exception cref="PolymathException">The architecture is not known, or a size is missing or does not fit the tensors.</exception>
    public static GgufDimensions Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.Text("general.architecture") ?? throw new PolymathException($"{file.Path}: the metadata lacks 'general.architecture'; the file is not a model");
        if (!GgufNames.Architectures.Contains(architecture))
            throw new PolymathException($"{file.Path}: the architecture '{OneLine.Short(architecture)}' is not known; known are {string.Join(", ", GgufNames.Architectures)}");
        if (metadata.Count(architecture + ".expert_count") is > 0)
            throw new PolymathException($"{file.Path}: is a mixture of experts, which is not known; take a {architecture} model without experts");
        var width = metadata.Size(architecture + ".embedding_length");
        var heads = metadata.Size(architecture + ".attention.head_count");
        var keyHeads = metadata.Count(architecture + ".attention.head_count_kv") is null ? heads : metadata.Size(architecture + ".attention.head_count_kv");
        var headWidth = metadata.Count(architecture + ".attention.key_length") is null ? width / heads : metadata.Size(architecture + ".attention.key_length");
        if (heads % keyHeads != 0) throw metadata.Wrong(architecture + ".attention.head_count_kv", $"a divisor of the {heads} heads");
        if (headWidth % 2 != 0 || headWidth == 0) throw metadata.Wrong(architecture + ".attention.head_count", $"a number of heads of even width that fits {width}");
        if (metadata.Count(architecture + ".attention.value_length") is { } values && values != headWidth) throw metadata.Wrong(architecture + ".attention.value_length", $"{headWidth} as the keys have");
        if (metadata.Count(architecture + ".rope.dimension_count") is { } rotated && rotated != headWidth) throw metadata.Wrong(architecture + ".rope.dimension_count", $"{headWidth}, all of a head,");
        var table = file.Find("token_embd.weight");
        if (table.Shape.Length != 2 || table.Shape[1] != width || table.Shape[0] == 0)
            throw new PolymathException($"{file.Path}: tensor 'token_embd.weight' has the shape [{string.Join(", ", table.Shape)}], where [tokens, {width}] was expected");
        return new GgufDimensions(architecture, CountLayers(file, architecture), width, heads, keyHeads, headWidth, (int)table.Shape[0]);
    }

    private static int CountLayers(GgufFile file, string architecture)
    {
        var key = architecture + ".block_count";
        var layers = file.Metadata.Size(key);
        return file.Tensors.ContainsKey($"blk.{layers - 1}.attn_norm.weight") && !file.Tensors.ContainsKey($"blk.{layers}.attn_norm.weight")
            ? layers
            : throw file.Metadata.Wrong(key, "the number of blocks that have tensors");
    }
}
