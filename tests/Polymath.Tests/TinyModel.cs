using System.Text.Json;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>
/// A whole Hugging Face folder around the weights of a reference model: its config.json and model.safetensors, and a WordPiece vocabulary of
/// ordinary words that has exactly the model's size. Three layers, 32 wide, 64 positions.
/// </summary>
internal static class TinyModel
{
    public const int Layers = 3, Width = 32, MaxTokens = 64;

    /// <summary>The vocabulary in the order of ids; the special tokens come first, everything from 5 on is one word.</summary>
    public static string[] Words { get; } =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "?", "the", "a", "an", "is", "was", "are", "be", "i", "you", "we", "they", "it", "he", "she", "this", "that",
        "not", "no", "yes", "and", "or", "but", "so", "very", "too", "all", "some", "good", "bad", "great", "poor", "fine", "awful", "happy", "sad", "love", "hate", "like",
        "enjoy", "dull", "bright", "slow", "fast", "new", "old", "big", "small", "red", "green", "blue", "black", "white", "cat", "dog", "bird", "fish", "horse", "cow", "sheep",
        "house", "tree", "river", "road", "town", "city", "field", "hill", "sea", "sky", "sun", "moon", "star", "rain", "snow", "wind", "fire", "water", "bread", "milk", "tea",
        "coffee", "apple", "book", "film", "song", "game", "play", "work", "school", "shop", "price", "money", "time", "day", "night", "week", "year", "man", "woman", "child",
        "friend", "teacher", "doctor", "run", "walk", "eat", "drink", "sleep", "read", "write", "see", "hello", "world", "tell", "ask", "give", "take", "make", "go", "query",
    ];

    /// <summary>The text that the tokenizer reads as these ids (5 and above).</summary>
    public static string Text(IEnumerable<int> ids) => string.Join(' ', ids.Select(id => Words[id]));

    /// <summary>Writes the folder of a reference model.</summary>
    /// <param name="folder">Made where there is none.</param>
    /// <param name="kind">A folder of the reference models: bert-mlm, bert-classify …</param>
    /// <param name="bare">Whether texts get no [CLS] and [SEP], so that a row of reference ids can be written as a text.</param>
    /// <returns>The folder.</returns>
    public static string Write(string folder, string kind = "bert-mlm", bool bare = false)
    {
        Assert.Equal(128, Words.Distinct().Count());
        Directory.CreateDirectory(folder);
        foreach (var file in new[] { "config.json", "model.safetensors" }) File.Copy(TestFiles.Golden("models", kind, file), Path.Combine(folder, file));
        if (bare) File.WriteAllText(Path.Combine(folder, "tokenizer.json"), BareTokenizer());
        else
        {
            File.WriteAllLines(Path.Combine(folder, "vocab.txt"), Words);
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 512, "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}""");
        }
        return folder;
    }

    /// <summary>Adds the files of sentence-transformers.</summary>
    public static string WriteSentence(string folder, string kind, SentenceParts parts)
    {
        Write(folder, kind);
        var modules = new List<(string Type, string Path)> { ("Transformer", ""), ("Pooling", "1_Pooling") };
        WriteJson(folder, "sentence_bert_config.json", new { max_seq_length = parts.MaxSequence, do_lower_case = false });
        WriteJson(folder, "1_Pooling/config.json", new Dictionary<string, object> { ["word_embedding_dimension"] = Width, [$"pooling_mode_{parts.Pooling}"] = true });
        if (parts.DenseOutputs is { } outputs)
        {
            modules.Add(("Dense", "2_Dense"));
            WriteJson(folder, "2_Dense/config.json", new { in_features = Width, out_features = outputs, bias = true, activation_function = "torch.nn.modules.activation.Tanh" });
            SafetensorsWriter.Write(Path.Combine(folder, "2_Dense", "model.safetensors"),
                [StoredTensor.Of("linear.weight", DenseWeight(outputs), outputs, Width), StoredTensor.Of("linear.bias", DenseBias(outputs), outputs)]);
        }
        if (parts.Normalise) modules.Add(("Normalize", "3_Normalize"));
        if (parts.ExtraModule is { } extra) modules.Add((extra, "4_Extra"));
        WriteJson(folder, "modules.json", modules.Select((module, at) => new { idx = at, name = $"{at}", path = module.Path, type = $"sentence_transformers.models.{module.Type}" }));
        if (parts.Prompts is not null) WriteJson(folder, "config_sentence_transformers.json", new { prompts = parts.Prompts, default_prompt_name = parts.DefaultPrompt });
        return folder;
    }

    /// <summary>The weights of the dense layer: fixed, uneven numbers.</summary>
    public static float[] DenseWeight(int outputs) => [.. Enumerable.Range(0, outputs * Width).Select(i => MathF.Sin(1.7f * i) / 4)];

    public static float[] DenseBias(int outputs) => [.. Enumerable.Range(0, outputs).Select(i => i * 0.1f - 0.2f)];

    /// <summary>Last hidden states [tokens, width] of one row, packed alone.</summary>
    public static float[][] LastStates(Backbone backbone, int[] ids, int[]? types = null)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var batch = PackedBatch.Create([ids], types is null ? null : [types]);
        return Rows(backbone.Network.Last(batch));
    }

    /// <summary>The own head's scores of one row, packed alone: one row of scores, or one for each token.</summary>
    public static float[][] HeadScores(Backbone backbone, int[] ids, int[] types)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var batch = PackedBatch.Create([ids], [backbone.Config.TypeVocabulary < 2 ? new int[ids.Length] : types]);
        return Rows(backbone.Network.HeadScores(backbone.Network.Last(batch), batch));
    }

    /// <summary>A labelled CSV file whose two classes differ in their words.</summary>
    public static string WriteRows(string path, int rows, int seed = 1, string header = "text,label")
    {
        var random = new Random(seed);
        string[][] own = [["good", "great", "happy", "love", "enjoy", "bright"], ["bad", "poor", "sad", "hate", "awful", "dull"]];
        var lines = Enumerable.Range(0, rows).Select(r =>
        {
            var words = Enumerable.Range(0, random.Next(3, 9)).Select(_ => Words[random.Next(60, 127)]).Append(own[r % 2][random.Next(6)]).Append(own[r % 2][random.Next(6)]).ToArray();
            random.Shuffle(words);
            return $"{string.Join(' ', words)},{(r % 2 == 0 ? "plus" : "minus")}";
        });
        File.WriteAllLines(path, [header, .. lines]);
        return path;
    }

    /// <summary>All tensors of a folder or file with their bytes.</summary>
    public static StoredTensor[] ReadTensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return [.. file.Tensors.Values.Select(info =>
        {
            var bytes = new byte[info.ByteLength];
            file.CopyBytes(info.Name, 0, bytes);
            return new StoredTensor(info.Name, info.DType, info.Shape, bytes);
        })];
    }

    /// <summary>Writes the folder's weights anew, each tensor changed, or left out for null.</summary>
    public static void ChangeWeights(string folder, Func<StoredTensor, StoredTensor?> change)
    {
        var path = Path.Combine(folder, "model.safetensors");
        StoredTensor[] tensors = [.. ReadTensors(path).Select(change).OfType<StoredTensor>()];
        SafetensorsWriter.Write(path, tensors);
    }

    /// <summary>Changes one value of config.json; null removes the key.</summary>
    public static void ChangeConfig(string folder, string key, System.Text.Json.Nodes.JsonNode? value)
    {
        var path = Path.Combine(folder, "config.json");
        var config = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config.Remove(key);
        if (value is not null) config[key] = value;
        File.WriteAllText(path, config.ToJsonString());
    }

    public static void WriteJson(string folder, string name, object value)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, JsonSerializer.Serialize(value));
    }

    private static float[][] Rows(Tensor states)
    {
        var plain = states.to(ScalarType.Float32).contiguous();
        var width = (int)plain.shape[^1];
        return [.. plain.data<float>().ToArray().Chunk(width)];
    }

    private static string BareTokenizer() => JsonSerializer.Serialize(new
    {
        version = "1.0",
        added_tokens = Array.Empty<object>(),
        normalizer = new { type = "BertNormalizer", clean_text = true, handle_chinese_chars = true, lowercase = true },
        pre_tokenizer = new { type = "BertPreTokenizer" },
        post_processor = new
        {
            type = "TemplateProcessing",
            single = new object[] { Part("A", 0) },
            pair = new object[] { Part("A", 0), Part("B", 1) },
            special_tokens = new { },
        },
        decoder = new { type = "WordPiece", prefix = "##", cleanup = true },
        model = new
        {
            type = "WordPiece",
            unk_token = "[UNK]",
            continuing_subword_prefix = "##",
            max_input_chars_per_word = 100,
            vocab = Words.Select((word, id) => (word, id)).ToDictionary(entry => entry.word, entry => entry.id),
        },
    });

    private static object Part(string sequence, int type) => new { Sequence = new { id = sequence, type_id = type } };
}

/// <summary>What a sentence-transformers folder says.</summary>
internal sealed record SentenceParts
{
    public string Pooling { get; init; } = "mean_tokens";
    public int MaxSequence { get; init; } = 32;
    public int? DenseOutputs { get; init; }
    public bool Normalise { get; init; }
    public string? ExtraModule { get; init; }
    public Dictionary<string, string>? Prompts { get; init; }
    public string? DefaultPrompt { get; init; }
}
