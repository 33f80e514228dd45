using System.Text.Json;

namespace Polymath.Text.Reading;

/// <summary>A node of a JSON file that knows where it stands, so that everything read from it fails with a message that says so.</summary>
internal readonly struct JsonPart
{
    private readonly JsonElement _element;
    private readonly string _path;

    private JsonPart(JsonElement element, string source, string path) => (_element, Source, _path) = (element, source, path);

    /// <summary>What messages call the file.</summary>
    internal string Source { get; }

    internal bool IsArray => _element.ValueKind == JsonValueKind.Array;

    internal bool IsObject => _element.ValueKind == JsonValueKind.Object;

    internal bool IsString => _element.ValueKind == JsonValueKind.String;

    /// <summary>Parses a file's text and reads it; every way in which it can be broken ends in a one-line error.</summary>
    /// <exception cref="PolymathException">The text is not what <paramref name="read"/> expects.</exception>
    internal static T Parse<T>(string json, string source, Func<JsonPart, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(Surrogates.Repair(json.TrimStart('\uFEFF')));
            return read(new JsonPart(document.RootElement, source, ""));
        }
        catch (JsonException e)
        {
            throw new PolymathException($"{source}: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: not valid JSON; the file is damaged or cut short, fetch it again.", e);
        }
        catch (InvalidOperationException e)
        {
            // Half a surrogate pair, written as an escape, is valid JSON but no string.
            throw new PolymathException($"{source}: holds a string that is not valid Unicode: {OneLine.Short(e.Message)}", e);
        }
    }

    /// <summary>A member; null where it is absent or null.</summary>
    internal JsonPart? Find(string name) =>
        _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, Source, _path.Length == 0 ? name : $"{_path}.{name}")
            : null;

    internal JsonPart Get(string name) => Find(name) ?? throw Wrong($"the member '{name}'");

    internal IEnumerable<JsonPart> Items()
    {
        if (!IsArray) throw Wrong("a list");
        var (source, path) = (Source, _path);
        return _element.EnumerateArray().Select((e, i) => new JsonPart(e, source, $"{path}[{i}]"));
    }

    internal IEnumerable<(string Name, JsonPart Value)> Members()
    {
        if (!IsObject) throw Wrong("an object");
        var (source, path) = (Source, _path);
        return _element.EnumerateObject().Select(p => (p.Name, new JsonPart(p.Value, source, path)));
    }

    internal string AsString() => IsString ? _element.GetString()! : throw Wrong("a string");

    internal int AsInt(int least = 0, int most = int.MaxValue) =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetInt32(out var value) && value >= least && value <= most
            ? value
            : throw Wrong(most == int.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}");

    internal double AsDouble() => _element.ValueKind == JsonValueKind.Number && _element.TryGetDouble(out var value) ? value : throw Wrong("a number");

    internal bool AsBool() => _element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    internal bool Bool(string name, bool otherwise) => Find(name)?.AsBool() ?? otherwise;

    internal string String(string name) => Get(name).AsString();

    internal char Character(string name) => String(name) is { Length: 1 } text ? text[0] : throw Get(name).Wrong("one character");

    /// <summary>One of an enumeration's names.</summary>
    internal T Name<T>(string name, T otherwise) where T : struct, Enum
    {
        if (Find(name) is not { } part) return otherwise;
        var text = part.AsString();
        return Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text, ignoreCase: true) : throw part.Wrong("one of " + string.Join(", ", Enum.GetNames<T>()));
    }

    /// <summary>The error for a part of a type that is not known.</summary>
    internal PolymathException Unknown(string kind, string type, string known) =>
        new($"{Source}: the {kind} '{OneLine.Short(type)}' is not one that can be read; known are {known}.");

    internal PolymathException Wrong(string expected) =>
        new($"{Source}: {(_path.Length == 0 ? "the file" : OneLine.Short(_path))} is not as expected: {expected} is needed here.");
}
