using Polymath.Checkpoints;

namespace Polymath.Bench;

/// <summary>A BERT of two layers, 32 wide, with random weights and a WordPiece vocabulary of the data sets' commonest words: fast enough for a million rows.</summary>
internal static class TinyModel
{
    private const int Width = 32, Inner = 64, Layers = 2, Positions = 64;

    /// <summary>Writes the Hugging Face folder.</summary>
    public static string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var letters = Enumerable.Range('a', 26).Select(c => $"{(char)c}").ToArray();
        var words = Sentences.Shuffled().SelectMany(row => row.Text.ToLowerInvariant().Split(' '))
            .Where(word => word.All(char.IsAsciiLetterLower)).GroupBy(word => word).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Take(2000).Select(g => g.Key);
        string[] vocabulary = [.. new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" }.Concat(letters).Concat(letters.Select(l => "##" + l)).Concat(words).Distinct()];
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', vocabulary) + "\n");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"tokenizer_class":"BertTokenizer","do_lower_case":true}""");
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type":"bert","architectures":["BertModel"],"vocab_size":{{vocabulary.Length}},"hidden_size":{{Width}},"intermediate_size":{{Inner}},"num_hidden_layers":{{Layers}},
            "num_attention_heads":4,"max_position_embeddings":{{Positions}},"type_vocab_size":2,"layer_norm_eps":1e-12,"hidden_act":"gelu","pad_token_id":0}
            """);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors(vocabulary.Length));
        return folder;
    }

    private static IEnumerable<StoredTensor> Tensors(int words)
    {
        var random = new Random(1);
        StoredTensor Drawn(string name, params long[] shape) =>
            StoredTensor.Of(name, [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5) / 4)], shape);
        IEnumerable<StoredTensor> Linear(string name, int inputs, int outputs) => [Drawn(name + ".weight", outputs, inputs), Drawn(name + ".bias", outputs)];
        IEnumerable<StoredTensor> Norm(string name) => [StoredTensor.Of(name + ".weight", [.. Enumerable.Repeat(1f, Width)]), StoredTensor.Of(name + ".bias", new float[Width])];
        IEnumerable<StoredTensor> Block(string name) =>
        [
            .. Linear(name + ".attention.self.query", Width, Width), .. Linear(name + ".attention.self.key", Width, Width), .. Linear(name + ".attention.self.value", Width, Width),
            .. Linear(name + ".attention.output.dense", Width, Width), .. Norm(name + ".attention.output.LayerNorm"),
            .. Linear(name + ".intermediate.dense", Width, Inner), .. Linear(name + ".output.dense", Inner, Width), .. Norm(name + ".output.LayerNorm"),
        ];
        return
        [
            Drawn("embeddings.word_embeddings.weight", words, Width), Drawn("embeddings.position_embeddings.weight", Positions, Width),
            Drawn("embeddings.token_type_embeddings.weight", 2, Width), .. Norm("embeddings.LayerNorm"),
            .. Enumerable.Range(0, Layers).SelectMany(i => Block($"encoder.layer.{i}")),
        ];
    }
}
