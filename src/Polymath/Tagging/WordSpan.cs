namespace Polymath.Tagging;

/// <summary>A span of words.</summary>
/// <param name="First">The first word.</param>
/// <param name="End">The word after the last.</param>
/// <param name="Kind">What it is.</param>
public readonly record struct WordSpan(int First, int End, string Kind)
{
    /// <summary>
    /// The spans that tags stand for, as conlleval reads them: a span begins at <c>B-</c>, and at an <c>I-</c> whose word before is outside or of
    /// another kind.
    /// </summary>
    public static IReadOnlyList<WordSpan> Of(IReadOnlyList<string> tags)
    {
        var spans = new List<WordSpan>();
        for (var at = 0; at < tags.Count;)
        {
            if (Tag.Kind(tags[at]) is not { } kind)
            {
                at++;
                continue;
            }
            var end = at + 1;
            while (end < tags.Count && tags[end] == $"I-{kind}") end++;
            spans.Add(new WordSpan(at, end, kind));
            at = end;
        }
        return spans;
    }
}

/// <summary>The spelling of tags.</summary>
internal static class Tag
{
    public const string Outside = "O";

    /// <summary>The kind of a tag; null for one outside.</summary>
    public static string? Kind(string tag) => tag == Outside ? null : tag[2..];

    /// <summary>Whether it is O, B-kind or I-kind.</summary>
    public static bool IsSound(string tag) => tag == Outside || (tag.Length > 2 && tag[0] is 'B' or 'I' && tag[1] == '-' && !string.IsNullOrWhiteSpace(tag[2..]));

    /// <summary>The same spans with every first word tagged B-; the number of tags that changed.</summary>
    public static string[] Repair(IReadOnlyList<string> tags, out int changed)
    {
        string[] repaired = [.. tags];
        foreach (var span in WordSpan.Of(tags)) repaired[span.First] = $"B-{span.Kind}";
        changed = Enumerable.Range(0, repaired.Length).Count(w => repaired[w] != tags[w]);
        return repaired;
    }
}
