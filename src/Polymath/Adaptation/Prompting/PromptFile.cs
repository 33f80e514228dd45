using System.Text.Json;

namespace Polymath.Adaptation;

/// <summary>
/// What a prompt file says: a template and, where it has them, the words of each label. JSON; comments and commas at the end are allowed:
/// <c>{"instruction": …, "input": …, "demonstration": …, "separator": …, "shorten": ["text"], "labels": {"LOC": ["place", "location"]}, "score": "sum"}</c>.
/// </summary>
/// <param name="Template">The template.</param>
/// <param name="Words">Label → its words; null where the names of the labels are the words.</param>
/// <param name="Score">How the words of a label become its score; null where the file does not say.</param>
public sealed record PromptFile(PromptTemplate Template, IReadOnlyDictionary<string, IReadOnlyList<string>>? Words, AnswerScore? Score)
{
    private static readonly string[] Known = ["instruction", "input", "demonstration", "separator", "shorten", "labels", "score"];

    /// <summary>Reads a file, or a template that is written out: text with <c>{{…}}</c> in it that names no file.</summary>
    /// <exception cref="PolymathException">There is no such file, or it is broken; the line says where.</exception>
    public static PromptFile Load(string pathOrText)
    {
        if (pathOrText.Contains("{{", StringComparison.Ordinal) && !File.Exists(pathOrText)) return new PromptFile(new PromptTemplate(OneLine.Unescape(pathOrText)).Check("template"), null, null);
        if (!File.Exists(pathOrText)) throw new PolymathException($"{pathOrText}: there is no such file, and no {{{{…}}}} stands in it; expected a prompt file, or a template such as \"{{{{text}}}} It was {{{{answer}}}}\"");
        try { return Parse(File.ReadAllText(pathOrText), pathOrText); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { throw new PolymathException($"{pathOrText}: cannot be read ({Native.Disk.FirstLine(error)})", error); }
    }

    /// <summary>Reads the text of a prompt file.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What errors call it.</param>
    /// <exception cref="PolymathException">It is broken; the line says where.</exception>
    public static PromptFile Parse(string json, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false });
            return Read(document.RootElement, source);
        }
        catch (JsonException error)
        {
            var where = error.LineNumber is { } line ? $", line {line + 1}, column {error.BytePositionInLine + 1}" : "";
            throw new PolymathException($"{source}{where}: cannot be read as JSON ({Native.Disk.FirstLine(error).Split(" LineNumber")[0]}); expected a prompt file such as {{\"input\": \"{{{{text}}}} It was {{{{answer}}}}\"}}", error);
        }
    }

    private static PromptFile Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new PolymathException($"{source}: expected an object with the field 'input', found {Named(root)}");
        foreach (var field in root.EnumerateObject())
            if (!Known.Contains(field.Name)) throw new PolymathException($"{source}: the field '{OneLine.Short(field.Name)}' is not known; known are {string.Join(", ", Known)}");
        var template = new PromptTemplate(Text("input") ?? throw new PolymathException($"{source}: the field 'input' is missing; expected a text such as \"{{{{text}}}} It was {{{{answer}}}}\""))
        {
            Instruction = Text("instruction"),
            Demonstration = Text("demonstration"),
            Separator = Text("separator") ?? "\n\n",
            Shorten = root.TryGetProperty("shorten", out var shorten) ? Texts(shorten, source, "shorten") : null,
        };
        Dictionary<string, IReadOnlyList<string>>? words = null;
        if (root.TryGetProperty("labels", out var labels))
        {
            if (labels.ValueKind != JsonValueKind.Object) throw new PolymathException($"{source}, field 'labels': expected an object of label and words, found {Named(labels)}");
            words = [];
            foreach (var label in labels.EnumerateObject()) words.Add(label.Name, Texts(label.Value, source, $"labels, label '{OneLine.Short(label.Name)}'"));
        }
        return new PromptFile(template.Check(source), words, Text("score") is { } score ? Verbalizer.ParseScore(score, source) : null);

        string? Text(string name) => !root.TryGetProperty(name, out var value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString() : throw new PolymathException($"{source}, field '{name}': expected a text, found {Named(value)}");
    }

    /// <summary>A text, or a list of texts.</summary>
    private static string[] Texts(JsonElement value, string source, string field) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw new PolymathException($"{source}, field '{field}': expected a list of texts, found {Named(value)}"),
    };

    private static string Named(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => OneLine.Short(value.GetRawText()),
    };
}
