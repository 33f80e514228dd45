using System.Text.Json.Nodes;
using Polymath.Native;

namespace Polymath.Tasks.Exporting;

/// <summary>Copies the tokenizer of a folder, with the length limit that the task was learned under.</summary>
internal static class TokenizerFiles
{
    private const string Settings = "tokenizer_config.json";

    private static readonly string[] Names =
        ["tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "chat_template.jinja"];

    public static void Copy(string from, string to, int limit, Disk disk)
    {
        foreach (var name in Names.Where(name => File.Exists(Path.Combine(from, name)))) Copy(Path.Combine(from, name), Path.Combine(to, name), disk);
        var settings = Path.Combine(from, Settings);
        var json = File.Exists(settings) ? JsonNode.Parse(File.ReadAllText(settings))!.AsObject() : [];
        json["model_max_length"] = limit;
        disk.WriteText(Path.Combine(to, Settings), ExportedConfig.Written(json));
    }

    /// <summary>Copies one file durably.</summary>
    public static void Copy(string from, string to, Disk disk) => disk.WriteFile(to, target =>
    {
        using var source = File.OpenRead(from);
        source.CopyTo(target, 1 << 20);
    });
}
