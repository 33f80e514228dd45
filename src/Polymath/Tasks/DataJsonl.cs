using System.Text.Json;

namespace Polymath.Tasks;

/// <summary>JSON Lines: one object a line. The first good line decides which fields hold text and label; blank lines are passed over.</summary>
internal static class DataJsonl
{
    private static readonly JsonDocumentOptions _strict = new() { AllowDuplicateProperties = false };

    public static IEnumerable<Row> Read(Stream stream, DataRowCheck check)
    {
        var lines = new DataLineReader(stream, DataRowCheck.MaxRecordBytes);
        DataColumns? columns = null;
        while (lines.Read())
        {
            if (!DataLines.Sound(lines, check) || lines.Line.Span.IndexOfAnyExcept(" \t"u8) < 0) continue;
            var place = $"line {lines.Number}";
            if (Fields(lines.Line, place, check) is not { } fields) continue;
            columns ??= DataColumns.Choose(check.File, [.. fields.Select(field => field.Key)], check.Options);
            if (Missing(fields, columns, check) is { } name)
            {
                check.Bad(place, $"there is no field '{OneLine.Short(name)}'; expected a string");
                continue;
            }
            if (check.Make(place, lines.Number, columns, at => Value(fields, columns.Names[at])) is not { } row) continue;
            yield return check.Options.KeepColumns ? row with { Columns = [.. fields.Select(field => new KeyValuePair<string, string>(field.Key, field.Value ?? ""))] } : row;
        }
    }

    /// <summary>The object's fields in order: strings as they are, everything else as its JSON text, null as null.</summary>
    private static List<KeyValuePair<string, string?>>? Fields(ReadOnlyMemory<byte> line, string place, DataRowCheck check)
    {
        try
        {
            using var document = JsonDocument.Parse(line, _strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return [.. document.RootElement.EnumerateObject().Select(field => new KeyValuePair<string, string?>(field.Name, Text(field.Value)))];
            check.Bad(place, $"a JSON {document.RootElement.ValueKind.ToString().ToLowerInvariant()}; expected an object such as {{\"text\": \"…\", \"label\": \"…\"}}");
        }
        catch (JsonException error)
        {
            check.Bad(error.BytePositionInLine is { } at ? $"{place}, byte {at + 1}" : place, $"invalid JSON ({Reason(error)}); expected one object a line");
        }
        catch (InvalidOperationException)
        {
            check.Bad(place, "an escape in a string stands for no character (half a surrogate pair); expected valid text");
        }
        return null;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    private static string? Missing(List<KeyValuePair<string, string?>> fields, DataColumns columns, DataRowCheck check) =>
        new[] { columns.Text, columns.Pair, check.Options.LabelRequired ? columns.Label : -1 }
            .Where(at => at >= 0).Select(at => columns.Names[at]).FirstOrDefault(name => !fields.Exists(field => field.Key == name));

    private static string? Value(List<KeyValuePair<string, string?>> fields, string name) => fields.Find(field => field.Key == name).Value;

    /// <summary>The parser's reason without its own account of the place, which counts from 0 and knows only this line.</summary>
    private static string Reason(JsonException error)
    {
        var message = Native.Disk.FirstLine(error);
        var place = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return OneLine.Short((place < 0 ? message : message[..place]).TrimEnd('.'));
    }
}
