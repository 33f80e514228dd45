using System.Text.Json;
using Polymath.Native;

namespace Polymath.Backbones;

/// <summary>A JSON object of settings, read with one-line errors that name the file and the key.</summary>
internal sealed class ConfigFile
{
    private ConfigFile(JsonElement root, string source) => (Root, Source) = (root, source);

    public string Source { get; }

    public JsonElement Root { get; }

    public static ConfigFile Open(string path)
    {
        try { return Parse(File.ReadAllBytes(path), path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { throw new PolymathException($"{path}: cannot be read ({Disk.FirstLine(error)})", error); }
    }

    public static ConfigFile Parse(ReadOnlyMemory<byte> json, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? new ConfigFile(document.RootElement.Clone(), source)
                : throw new PolymathException($"{source}: expected a JSON object");
        }
        catch (JsonException error) { throw new PolymathException($"{source}: not valid JSON at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}", error); }
    }

    /// <summary>An object within this one; null where there is none.</summary>
    public ConfigFile? Part(string key) => Has(key) && Root.GetProperty(key).ValueKind == JsonValueKind.Object ? new ConfigFile(Root.GetProperty(key), $"{Source}, {key}") : null;

    public int Int(int least, params string[] keys)
    {
        foreach (var key in keys)
            if (Root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null)
                return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number < 1 << 28
                    ? number : throw new PolymathException($"{Source}: '{key}' is {value.GetRawText()}; expected a whole number of at least {least}");
        throw new PolymathException($"{Source}: '{keys[0]}' is missing; is this the config.json of a Hugging Face model?");
    }

    public int IntOr(int otherwise, int least, params string[] keys) => keys.Any(Has) ? Int(least, keys) : otherwise;

    public double NumberOr(double otherwise, params string[] keys)
    {
        foreach (var key in keys.Where(Has))
            return Root.GetProperty(key) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && double.IsFinite(number)
                ? number : throw new PolymathException($"{Source}: '{key}' is {Root.GetProperty(key).GetRawText()}; expected a number");
        return otherwise;
    }

    public string Text(string key) => Has(key) ? TextOr("", key) : throw new PolymathException($"{Source}: '{key}' is missing; expected the family's name such as \"bert\"");

    public string TextOr(string otherwise, params string[] keys)
    {
        foreach (var key in keys.Where(Has))
            return Root.GetProperty(key) is { ValueKind: JsonValueKind.String } value
                ? value.GetString()! : throw new PolymathException($"{Source}: '{key}' is {Root.GetProperty(key).GetRawText()}; expected a text");
        return otherwise;
    }

    public bool BoolOr(bool otherwise, string key) => !Has(key) ? otherwise : Root.GetProperty(key).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new PolymathException($"{Source}: '{key}' is {Root.GetProperty(key).GetRawText()}; expected true or false"),
    };

    public IReadOnlyList<string> Strings(string key) => Has(key) && Root.GetProperty(key).ValueKind == JsonValueKind.Array
        ? [.. Root.GetProperty(key).EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)] : [];

    /// <summary>A whole number or a list of them; empty where there is none.</summary>
    public IReadOnlyList<int> Integers(string key) => !Has(key) ? [] : Root.GetProperty(key) switch
    {
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => [number],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _)).Select(item => item.GetInt32())],
        var other => throw new PolymathException($"{Source}: '{key}' is {other.GetRawText()}; expected a whole number or a list of them"),
    };

    /// <summary>Refuses kinds of attention by block (<c>layer_types</c>) that are not those of the family.</summary>
    public void CheckLayerTypes(string[] expected)
    {
        if (Strings("layer_types") is { Count: > 0 } types && !types.SequenceEqual(expected))
            throw new PolymathException($"{Source}: layer_types is [{string.Join(", ", types)}]; only [{string.Join(", ", expected.Distinct())}] in the family's own order is supported");
    }

    public IReadOnlyDictionary<string, string> Map(string key) => Has(key) && Root.GetProperty(key).ValueKind == JsonValueKind.Object
        ? Root.GetProperty(key).EnumerateObject().GroupBy(item => item.Name).ToDictionary(group => group.Key, group => group.Last().Value.ToString()) : new Dictionary<string, string>();

    public bool Has(string key) => Root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;
}
