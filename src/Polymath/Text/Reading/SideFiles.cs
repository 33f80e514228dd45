using Polymath.Text.Added;

namespace Polymath.Text.Reading;

/// <summary>What the small files beside a tokenizer say: tokenizer_config.json, special_tokens_map.json, added_tokens.json and config.json.</summary>
internal sealed class SideFiles
{
    internal static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private const int AbsurdLength = 1_000_000_000, MostExtraIds = 100_000;

    private readonly Dictionary<string, AddedToken> _special = [];
    private readonly Dictionary<string, bool> _switches = [];
    private readonly List<AddedToken> _added = [];

    internal static SideFiles None { get; } = new();

    /// <summary>tokenizer_config.json's tokenizer_class, or "".</summary>
    internal string TokenizerClass { get; private set; } = "";

    /// <summary>config.json's model_type, or "".</summary>
    internal string ModelType { get; private set; } = "";

    /// <summary>tokenizer_config.json's chat_template, of several the one named "default"; null where there is none.</summary>
    internal string? ChatTemplate { get; private set; }

    /// <summary>How many sentinels a T5 tokenizer has beyond its file; null where that is not said.</summary>
    internal int? ExtraIds { get; private set; }

    internal int? ModelMaxLength { get; private set; }

    /// <summary>Tokens with ids that are listed beside the vocabulary.</summary>
    internal IReadOnlyList<AddedToken> Added => _added;

    /// <summary>The token of a part ("pad_token"); its id is not known here.</summary>
    internal AddedToken? SpecialToken(string role) => _special.GetValueOrDefault(role);

    /// <summary>A switch of tokenizer_config.json; null where it is absent or null.</summary>
    internal bool? Switch(string name) => _switches.TryGetValue(name, out var value) ? value : null;

    /// <summary>Stops where the folder names a tokenizer class that the legacy file is not enough for; a folder that names none is trusted.</summary>
    /// <exception cref="PolymathException">The class is none of these.</exception>
    internal void RequireClass(string path, string[] starts)
    {
        if (TokenizerClass.Length > 0 && !starts.Any(s => TokenizerClass.StartsWith(s, StringComparison.Ordinal)))
            throw new PolymathException($"{path}: a {OneLine.Short(TokenizerClass)} cannot be built from this file alone; add the folder's tokenizer.json.");
    }

    /// <exception cref="PolymathException">A file is broken.</exception>
    internal static SideFiles Read(string folder)
    {
        var side = new SideFiles();
        ReadFile(folder, "special_tokens_map.json", side.ReadSpecial);
        ReadFile(folder, "tokenizer_config.json", side.ReadConfig);
        ReadFile(folder, "added_tokens.json", side.ReadAdded);
        ReadFile(folder, "config.json", config => side.ModelType = config.Find("model_type") is { IsString: true } type ? type.AsString() : "");
        return side;
    }

    /// <summary>What the text of a tokenizer_config.json says by itself.</summary>
    /// <exception cref="PolymathException">The text is broken.</exception>
    internal static SideFiles FromConfig(string json, string source)
    {
        var side = new SideFiles();
        return JsonPart.Parse(json, source, part =>
        {
            side.ReadConfig(part);
            return side;
        });
    }

    private static void ReadFile(string folder, string name, Action<JsonPart> read)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path)) return;
        JsonPart.Parse(TokenizerFolder.ReadText(path), path, part =>
        {
            read(part);
            return true;
        });
    }

    private void ReadConfig(JsonPart config)
    {
        ReadSpecial(config);
        if (config.Find("tokenizer_class") is { IsString: true } name) TokenizerClass = name.AsString();
        // Some files hold 1e30 for "no limit".
        if (config.Find("model_max_length")?.AsDouble() is { } length and >= 1 and < AbsurdLength) ModelMaxLength = (int)length;
        foreach (var flag in (string[])["do_lower_case", "tokenize_chinese_chars", "strip_accents", "add_prefix_space", "trim_offsets", "add_bos_token", "add_eos_token"])
        {
            if (config.Find(flag) is { } value) _switches[flag] = value.AsBool();
        }
        ChatTemplate = ReadTemplate(config.Find("chat_template"));
        ExtraIds = config.Find("extra_ids")?.AsInt(0, MostExtraIds);
        if (config.Find("added_tokens_decoder") is not { IsObject: true } decoder) return;
        foreach (var (key, value) in decoder.Members())
        {
            if (!int.TryParse(key, out var id) || id is < 0 or > Models.Vocabulary.LargestId) throw decoder.Wrong("ids as names");
            _added.Add(TokenizerJson.ReadAddedToken(value, value.String("content"), id));
        }
    }

    private static string? ReadTemplate(JsonPart? template) => template switch
    {
        { IsString: true } text => text.AsString(),
        { IsArray: true } several => several.Items().Where(t => t.String("name") == "default").Select(t => t.String("template")).FirstOrDefault(),
        _ => null,
    };

    private void ReadSpecial(JsonPart part)
    {
        foreach (var role in Roles)
        {
            if (part.Find(role) is not { } value) continue;
            _special[role] = value.IsString ? new AddedToken(value.AsString(), 0) : TokenizerJson.ReadAddedToken(value, value.String("content"), 0);
        }
    }

    private void ReadAdded(JsonPart part)
    {
        foreach (var (content, id) in part.Members())
            _added.Add(new AddedToken(content, id.AsInt(0, Models.Vocabulary.LargestId)) { Normalized = true });
    }
}
