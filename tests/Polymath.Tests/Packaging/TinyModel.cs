namespace Polymath.Tests;

/// <summary>A folder that <see cref="Backbone.Load"/> takes: the reference network of 128 tokens and width 32, with a vocabulary of that size.</summary>
internal static class TinyModel
{
    public const int Width = 32;

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "config.json", "model.safetensors" })
            File.Copy(TestFiles.Golden("models", "bert-mlm", name), Path.Combine(folder, name));
        string[] words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "good", "day"];
        var letters = Enumerable.Range('a', 26).Select(c => (char)c).ToArray();
        string[] vocabulary = [.. words, .. letters.Select(c => $"{c}"), .. letters.Select(c => $"##{c}")];
        string[] filled = [.. vocabulary, .. Enumerable.Range(0, 128 - vocabulary.Length).Select(i => $"[unused{i}]")];
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', filled) + "\n");
    }
}
