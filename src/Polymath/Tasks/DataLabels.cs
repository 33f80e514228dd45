using System.Text.Json;

namespace Polymath.Tasks;

/// <summary>Reads the labels of a row that may have any number of them: a JSON array of strings, or names separated by semicolons.</summary>
internal static class DataLabels
{
    public static bool IsArray(string? text) => text?.TrimStart().StartsWith('[') == true;

    /// <summary>The labels in their order, without repetition; none for null.</summary>
    /// <param name="text">The field.</param>
    /// <param name="what">What is wrong and what was expected; null where nothing is.</param>
    public static string[]? Read(string? text, out string? what)
    {
        what = null;
        if (text is null) return [];
        if (IsArray(text) && FromArray(text, ref what) is var found && (found is not null || what is not null)) return found;
        return [.. text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The strings of an array; null where it holds something else (then it says so) or is no JSON at all, as a name in brackets.</summary>
    private static string[]? FromArray(string text, ref string? what)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var labels = new List<string>();
            foreach (var item in document.RootElement.EnumerateArray())
            {
                var label = item.ValueKind is JsonValueKind.String ? item.GetString()!.Trim() : item.ValueKind is JsonValueKind.Number ? item.GetRawText() : "";
                if (label.Length == 0)
                {
                    what = $"the array holds {OneLine.Short(item.GetRawText())}; expected names of labels such as [\"a\", \"b\"]";
                    return null;
                }
                if (!labels.Contains(label)) labels.Add(label);
            }
            return [.. labels];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
