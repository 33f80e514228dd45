using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Polymath.Checkpoints;

namespace Polymath.Tests;

/// <summary>The many ways in which one and the same network is saved, and what is said where a folder is not one.</summary>
public sealed class HuggingFaceFolderTests : IDisposable
{
    private static readonly int[] Ids = [2, 40, 77, 9, 120, 3];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Families => ["bert-mlm", "roberta-mlm", "distilbert-mlm", "mpnet-mlm", "electra-mlm", "bert-classify", "roberta-tokens"];

    [Theory, MemberData(nameof(Families))]
    public void Names_without_the_base_prefix_are_found(string kind)
    {
        var prefix = kind.Split('-')[0] + ".";
        Same(kind, tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal) ? tensor with { Name = tensor.Name[prefix.Length..] } : tensor);
    }

    [Theory, MemberData(nameof(Families))]
    public void Old_names_of_norms_are_found(string kind) => Same(kind, tensor => tensor with
    {
        Name = tensor.Name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal),
    });

    [Fact]
    public void Stray_tensors_are_passed_over() => Same("bert-mlm", tensor => tensor,
        StoredTensor.Of("bert.embeddings.position_ids", [.. Enumerable.Range(0, 64).Select(i => (long)i)], 1, 64), StoredTensor.Of("bert.pooler.dense.weight", new float[4], 2, 2));

    [Theory]
    [InlineData("bert-mlm", "cls.predictions.decoder", "bert.embeddings.word_embeddings.weight")]
    [InlineData("roberta-mlm", "lm_head.decoder", "roberta.embeddings.word_embeddings.weight")]
    [InlineData("distilbert-mlm", "vocab_projector", "distilbert.embeddings.word_embeddings.weight")]
    [InlineData("electra-mlm", "generator_lm_head", "electra.embeddings.word_embeddings.weight")]
    public void The_output_layer_is_tied_unless_the_config_says_otherwise(string kind, string decoder, string embeddings)
    {
        var source = TinyModel.ReadTensors(TestFiles.Golden("models", kind, "model.safetensors"));
        var tied = source.Single(tensor => tensor.Name == embeddings);
        var plain = Scores(TinyModel.Write(_folder["absent"], kind));
        void Save(string folder, StoredTensor own, bool? tie)
        {
            TinyModel.Write(folder, kind);
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. source.Where(tensor => tensor.Name != own.Name), own]);
            TinyModel.ChangeConfig(folder, "tie_word_embeddings", tie);
        }
        Save(_folder["present"], tied with { Name = $"{decoder}.weight" }, null);
        Assert.Equal(plain, Scores(_folder["present"]));
        float[] halved = [.. MemoryMarshal.Cast<byte, float>(tied.Bytes.Span).ToArray().Select(value => value / 2)];
        Save(_folder["own"], StoredTensor.Of($"{decoder}.weight", halved, tied.Shape), false);
        Assert.NotEqual(plain, Scores(_folder["own"]));
        Save(_folder["ignored"], StoredTensor.Of($"{decoder}.weight", halved, tied.Shape), true);
        Assert.Equal(plain, Scores(_folder["ignored"]));
    }

    [Theory]
    [InlineData("F16", 2e-3)]
    [InlineData("BF16", 2e-2)]
    public void Half_precision_weights_are_widened(string type, double least)
    {
        var plain = States(TinyModel.Write(_folder["plain"], "bert-mlm"));
        var half = TinyModel.Write(_folder["half"], "bert-mlm");
        TinyModel.ChangeWeights(half, tensor => tensor with { DType = type, Bytes = MemoryMarshal.AsBytes(Floats(tensor).Select(value => Halve(value, type)).ToArray().AsSpan()).ToArray() });
        var rounded = TinyModel.Write(_folder["rounded"], "bert-mlm");
        TinyModel.ChangeWeights(rounded, tensor => StoredTensor.Of(tensor.Name, [.. Floats(tensor).Select(value => Widen(Halve(value, type), type))], tensor.Shape));
        Assert.Equal(States(rounded), States(half));
        var gap = plain.SelectMany(x => x).Zip(States(half).SelectMany(x => x), (a, b) => Math.Abs(a - b)).Max();
        Assert.InRange(gap, 1e-7, least * 50);
        Assert.Equal(new FileInfo(Path.Combine(_folder["plain"], "model.safetensors")).Length / 2.0, new FileInfo(Path.Combine(half, "model.safetensors")).Length, 8000.0);
    }

    [Fact]
    public void A_folder_in_shards_is_one_network()
    {
        var folder = TinyModel.Write(_folder["shards"], "bert-mlm");
        var plain = States(folder);
        var tensors = TinyModel.ReadTensors(Path.Combine(folder, "model.safetensors"));
        File.Delete(Path.Combine(folder, "model.safetensors"));
        string Shard(int at) => $"model-0000{at % 2 + 1}-of-00002.safetensors";
        for (var shard = 0; shard < 2; shard++) SafetensorsWriter.Write(Path.Combine(folder, Shard(shard)), tensors.Where((_, at) => at % 2 == shard));
        TinyModel.WriteJson(folder, "model.safetensors.index.json", new { metadata = new { }, weight_map = tensors.Select((tensor, at) => (tensor.Name, at)).ToDictionary(entry => entry.Name, entry => Shard(entry.at)) });
        Assert.Equal(plain, States(folder));
        File.Delete(Path.Combine(folder, Shard(1)));
        Refused(folder, Shard(1));
    }

    [Theory]
    [InlineData("dtype", null)]
    [InlineData("torch_dtype", "float32")]
    [InlineData("dtype", "bfloat16")]
    [InlineData("torch_dtype", "float16")]
    public void What_config_says_of_the_type_does_not_change_what_is_read(string key, string? value)
    {
        var plain = States(TinyModel.Write(_folder["plain"], "bert-mlm"));
        var folder = TinyModel.Write(_folder["other"], "bert-mlm");
        TinyModel.ChangeConfig(folder, "dtype", null);
        TinyModel.ChangeConfig(folder, key, value);
        Assert.Equal(plain, States(folder));
    }

    [Theory, MemberData(nameof(Families))]
    public void A_missing_tensor_is_named(string kind)
    {
        foreach (var part in new[] { "word_embeddings.weight", "position_embeddings.weight", "1.output" })
        {
            var folder = TinyModel.Write(_folder[$"{kind}{part}"], kind);
            var victim = TinyModel.ReadTensors(Path.Combine(folder, "model.safetensors")).Select(tensor => tensor.Name)
                .First(name => name.Contains(part.Replace("1.output", kind.StartsWith("distil", StringComparison.Ordinal) ? "1.ffn.lin2" : "1.output", StringComparison.Ordinal), StringComparison.Ordinal));
            TinyModel.ChangeWeights(folder, tensor => tensor.Name == victim ? null : tensor);
            Refused(folder, $"'{victim}'", "missing");
        }
    }

    [Fact]
    public void A_misshapen_tensor_is_named_with_both_shapes()
    {
        const string victim = "bert.encoder.layer.2.intermediate.dense.weight";
        var folder = TinyModel.Write(_folder["model"], "bert-mlm");
        TinyModel.ChangeWeights(folder, tensor => tensor.Name == victim ? tensor with { Shape = [32, 64] } : tensor);
        Refused(folder, $"'{victim}'", "[32, 64]", "[64, 32]");
    }

    [Theory]
    [InlineData("model_type", "\"xlnet\"", "'xlnet'", "bert, roberta")]
    [InlineData("model_type", null, "'model_type' is missing")]
    [InlineData("num_attention_heads", "5", "width 32", "5 attention heads")]
    [InlineData("num_attention_heads", "0", "'num_attention_heads' is 0", "at least 1")]
    [InlineData("hidden_size", "\"wide\"", "'hidden_size' is \"wide\"")]
    [InlineData("hidden_size", null, "'hidden_size' is missing")]
    [InlineData("vocab_size", "1e300", "'vocab_size' is 1e300", "whole number")]
    [InlineData("vocab_size", "64", "word_embeddings.weight", "[128, 32]", "[64, 32]")]
    [InlineData("num_hidden_layers", "4", "layer.3.", "missing")]
    [InlineData("hidden_act", "\"swoosh\"", "'swoosh'")]
    [InlineData("layer_norm_eps", "\"small\"", "'layer_norm_eps'")]
    public void A_config_that_does_not_fit_is_named(string key, string? json, params string[] words)
    {
        var folder = TinyModel.Write(_folder["model"], "bert-mlm");
        TinyModel.ChangeConfig(folder, key, json is null ? null : JsonNode.Parse(json));
        Refused(folder, words);
    }

    [Theory]
    [InlineData("{", "config.json")]
    [InlineData("", "config.json")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{\"model_type\": \"bert\"}", "hidden_size")]
    public void A_broken_config_is_named(string text, params string[] words)
    {
        var folder = TinyModel.Write(_folder["model"], "bert-mlm");
        File.WriteAllText(Path.Combine(folder, "config.json"), text);
        Refused(folder, words);
    }

    [Theory]
    [InlineData("config.json", "no config.json")]
    [InlineData("model.safetensors", "model.safetensors")]
    [InlineData("vocab.txt", "tokenizer.json, vocab.txt")]
    public void A_file_that_is_not_there_is_named(string file, string words)
    {
        var folder = TinyModel.Write(_folder["model"], "bert-mlm");
        File.Delete(Path.Combine(folder, file));
        Refused(folder, words);
        Refused(_folder["nowhere"], "no such folder");
    }

    [Fact]
    public void A_tokenizer_with_more_words_than_the_network_is_told_apart_from_a_bad_text()
    {
        var folder = TinyModel.Write(_folder["model"], "bert-mlm");
        File.AppendAllLines(Path.Combine(folder, "vocab.txt"), ["zebra"]);
        using var backbone = Backbone.Load(folder);
        Assert.Equal(TinyModel.Width, backbone.Embed(["a horse"])[0].Length);
        var error = Assert.Throws<PolymathException>(() => backbone.Embed(["a zebra"]));
        Assert.Contains("id 128", error.Message);
        Assert.Contains("128 tokens", error.Message);
    }

    [Fact]
    public void A_position_table_without_room_for_a_row_is_named()
    {
        var folder = TinyModel.Write(_folder["model"], "roberta-mlm");
        TinyModel.ChangeConfig(folder, "pad_token_id", 65);
        Refused(folder, "pad_token_id", "position");
    }

    private void Same(string kind, Func<StoredTensor, StoredTensor> change, params StoredTensor[] more)
    {
        var plain = TinyModel.Write(_folder["plain"], kind);
        var other = TinyModel.Write(_folder["other"], kind);
        var before = TinyModel.ReadTensors(Path.Combine(plain, "model.safetensors"));
        StoredTensor[] after = [.. before.Select(change)];
        if (more.Length == 0 && kind is "bert-mlm") Assert.NotEqual(before.Select(tensor => tensor.Name), after.Select(tensor => tensor.Name));
        SafetensorsWriter.Write(Path.Combine(other, "model.safetensors"), [.. after, .. more]);
        Assert.Equal(States(plain), States(other));
        Assert.Equal(Scores(plain), Scores(other));
    }

    private static float[][] States(string folder)
    {
        using var backbone = Backbone.Load(folder);
        return TinyModel.LastStates(backbone, Ids);
    }

    private static float[][] Scores(string folder)
    {
        using var backbone = Backbone.Load(folder, new BackboneOptions { WithHead = true });
        return TinyModel.HeadScores(backbone, Ids, new int[Ids.Length]);
    }

    private static void Refused(string folder, params string[] words)
    {
        var error = Assert.Throws<PolymathException>(() => Backbone.Load(folder));
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(words, word => Assert.Contains(word, error.Message));
    }

    private static float[] Floats(StoredTensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).ToArray();

    /// <summary>Round to nearest, ties to even.</summary>
    private static ushort Halve(float value, string type)
    {
        if (type == "F16") return BitConverter.HalfToUInt16Bits((Half)value);
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static float Widen(ushort bits, string type) => type == "F16" ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
