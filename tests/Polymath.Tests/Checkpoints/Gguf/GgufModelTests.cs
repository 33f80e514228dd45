using System.Text.Json.Nodes;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Checkpoints.Gguf;
using TorchSharp;

namespace Polymath.Tests;

/// <summary>Small models written as GGUF, as the converter does it, come back under their own names, layout and configuration.</summary>
public class GgufModelTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("gpt2")]
    [InlineData("mistral-window")]
    [InlineData("llama-rope-llama3")]
    [InlineData("llama-rope-linear")]
    public void Tensors_and_configuration_are_those_of_the_folder(string name)
    {
        using var folder = new TemporaryFolder();
        var original = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("models", name, "config.json")))!.AsObject();
        using var weights = SafetensorsFile.Open(TestFiles.Golden("models", name, "model.safetensors"));
        using var model = GgufModel.Open(GgufConverter.Convert(original, weights).Save(folder["model.gguf"]));
        Assert.Equal(weights.Tensors.Keys.Order(), model.Names.Order());
        foreach (var key in model.Names)
        {
            Assert.Equal(weights.Info(key).Shape, model.Info(key).Shape);
            Assert.Equal(weights.ReadFloats(key), model.ReadFloats(key));
            using var stream = model.OpenBytes(key);
            Assert.Equal(weights.Info(key).ByteLength, stream.Length);
        }
        var config = JsonNode.Parse(model.ConfigJson)!.AsObject();
        foreach (var key in new[]
        {
            "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "rms_norm_eps", "max_position_embeddings", "hidden_act",
            "vocab_size", "tie_word_embeddings", "bos_token_id", "eos_token_id", "head_dim", "sliding_window", "attention_bias", "n_embd", "n_layer", "n_head", "n_positions", "layer_norm_epsilon", "activation_function",
        })
        {
            if (original.ContainsKey(key)) Assert.Equal(Value(original[key]), Value(config[key]));
        }
        if (original["rope_parameters"] is not JsonObject rotary) return;
        Assert.Equal((double)rotary["rope_theta"]!, (double)config["rope_theta"]!, 1e-3);
        foreach (var (key, value) in rotary.Where(pair => pair.Key != "rope_theta" && (string)rotary["rope_type"]! != "default"))
            Assert.Equal(Value(value), Value(config["rope_scaling"]![key]));
        if ((string)rotary["rope_type"]! == "default") Assert.Null(config["rope_scaling"]);
    }

    [Fact]
    public void A_checkpoint_of_the_file_has_the_same_bytes_as_the_folder()
    {
        using var folder = new TemporaryFolder();
        using var weights = SafetensorsFile.Open(TestFiles.Golden("models", "llama", "model.safetensors"));
        var config = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("models", "llama", "config.json")))!.AsObject();
        GgufConverter.Convert(config, weights).Save(folder["only.gguf"]);
        using var plain = Checkpoint.Open(TestFiles.Golden("models", "llama", "model.safetensors"));
        using var packed = Checkpoint.Open(folder.Path);
        Assert.Equal(BackboneHash.Compute(plain, []), BackboneHash.Compute(packed, []));
        Assert.NotNull(packed.Gguf);
        Assert.Null(plain.Gguf);
    }

    [Fact]
    public void Ends_of_turns_and_messages_end_texts_too()
    {
        using var folder = new TemporaryFolder();
        string Ends(params (string Role, uint Id)[] tokens)
        {
            using var weights = SafetensorsFile.Open(TestFiles.Golden("models", "llama", "model.safetensors"));
            var builder = GgufConverter.Convert(JsonNode.Parse(File.ReadAllText(TestFiles.Golden("models", "llama", "config.json")))!.AsObject(), weights).Remove("tokenizer.ggml.eos_token_id");
            foreach (var (role, id) in tokens) builder.Set($"tokenizer.ggml.{role}_token_id", id);
            using var model = GgufModel.Open(builder.Save(folder["ends.gguf"]));
            return string.Join(' ', ConfigFile.Parse(System.Text.Encoding.UTF8.GetBytes(model.ConfigJson), "x").Integers("eos_token_id"));
        }
        Assert.Equal("", Ends());
        Assert.Equal("2", Ends(("eos", 2)));
        Assert.Equal("2", Ends(("eos", 2), ("eot", 2)));
        Assert.Equal("2 7 5", Ends(("eom", 5), ("eot", 7), ("eos", 2)));
        Assert.Equal("7", Ends(("eot", 7)));
    }

    [Fact]
    public void Quantised_rows_come_in_the_order_of_the_network()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["small.gguf"], GgufSeeds.Llama());
        using var model = GgufModel.Open(folder["small.gguf"]);
        foreach (var name in new[] { "self_attn.q_proj", "self_attn.k_proj", "mlp.gate_proj" }.Select(part => $"model.layers.0.{part}.weight"))
        {
            var type = model.StoredType(name);
            var values = new float[model.Info(name).ElementCount];
            type.Values!(model.ReadBlocks(name)!, values);
            Assert.Equal(model.ReadFloats(name), values);
        }
    }

    [Fact]
    public void What_is_not_known_is_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        void Refused(string expected, Func<GgufBuilder, GgufBuilder> change)
        {
            var config = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("models", "llama", "config.json")))!.AsObject();
            using var weights = SafetensorsFile.Open(TestFiles.Golden("models", "llama", "model.safetensors"));
            var path = change(GgufConverter.Convert(config, weights)).Save(folder["x.gguf"]);
            GgufFileTests.Refused(() => GgufModel.Open(path).Dispose(), expected);
        }
        Refused("the architecture 'mamba' is not known; known are llama, qwen2, gpt2", builder => builder.Set("general.architecture", "mamba"));
        Refused("lacks 'general.architecture'", builder => builder.Remove("general.architecture"));
        Refused("mixture of experts", builder => builder.Set("llama.expert_count", 8u));
        Refused("'llama.block_count' is 2, where the number of blocks", builder => builder.Set("llama.block_count", 2u));
        Refused("'llama.block_count' is 4", builder => builder.Set("llama.block_count", 4u));
        Refused("lacks 'llama.embedding_length'", builder => builder.Remove("llama.embedding_length"));
        Refused("where [tokens, 64] was expected", builder => builder.Set("llama.embedding_length", 64u));
        Refused("where 2 heads of 16 rows were expected", builder => builder.Set("llama.attention.head_count", 2u).Set("llama.attention.key_length", 16u).Remove("llama.rope.dimension_count"));
        Refused("a divisor of the 4 heads", builder => builder.Set("llama.attention.head_count_kv", 3u));
        Refused("'blk.0.attn_q_norm.weight' has no place in a llama network", builder => builder.Tensor("blk.0.attn_q_norm.weight", [8], new float[8]));
        Refused("in another way than llama3", builder => builder.Tensor("rope_freqs.weight", [4], [1, 1, 3, 8]));
    }

    [Fact]
    public void SmolLM2_opens_as_the_llama_that_it_is()
    {
        using var model = GgufModel.Open(TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        Assert.Equal(272, model.Names.Count);
        Assert.Equal("Q4_1", model.StoredType("model.layers.29.self_attn.q_proj.weight").Name);
        Assert.Equal([192, 576], model.Info("model.layers.0.self_attn.k_proj.weight").Shape);
        Assert.StartsWith("{% for message in messages %}", model.ChatTemplate, StringComparison.Ordinal);
        var config = JsonNode.Parse(model.ConfigJson)!;
        Assert.Equal(("llama", 576, 1536, 30, 9, 3, 64), ((string)config["model_type"]!, (int)config["hidden_size"]!, (int)config["intermediate_size"]!, (int)config["num_hidden_layers"]!,
            (int)config["num_attention_heads"]!, (int)config["num_key_value_heads"]!, (int)config["head_dim"]!));
        Assert.True((bool)config["tie_word_embeddings"]!);
        Assert.Equal(100000, (double)config["rope_theta"]!);
        using var scope = torch.NewDisposeScope();
        var table = model.Read("model.embed_tokens.weight");
        Assert.Equal([49152, 576], table.shape);
        Assert.InRange(table.abs().max().item<float>(), 0.1f, 10f);
    }

    /// <summary>1E-05 and 1e-05, 2 and 2.0 are one number.</summary>
    private static object? Value(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.Number ? double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : node?.ToJsonString();
}
