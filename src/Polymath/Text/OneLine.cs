namespace Polymath.Text;

/// <summary>Foreign text made fit for an error message: one line, bounded.</summary>
internal static class OneLine
{
    internal static string Of(string text)
    {
        var shown = text.Length > 80 ? text[..80] + "…" : text;
        return string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c));
    }
}
