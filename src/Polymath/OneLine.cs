namespace Polymath;

/// <summary>Text from outside made fit for one line, and the way back.</summary>
internal static class OneLine
{
    /// <summary>At most 60 characters, line breaks and other control characters shown as escapes.</summary>
    public static string Short(string text)
    {
        var shown = text.Length > 60 ? text[..60] + "…" : text;
        return string.Concat(shown.Select(c => c switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ when char.IsControl(c) || char.IsSurrogate(c) => $"\\u{(int)c:x4}",
            _ => c.ToString(),
        }));
    }

    /// <summary>A text that was written in one line, as on a command line: \n and \t become a line break and a tab.</summary>
    public static string Unescape(string text) => text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);
}
