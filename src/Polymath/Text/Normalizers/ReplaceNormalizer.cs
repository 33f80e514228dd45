using Polymath.Text.Patterns;

namespace Polymath.Text.Normalizers;

/// <summary>Replaces every match of a pattern; the new text takes the range of the last character that it replaces.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : Normalizer
{
    internal override AlignedText Apply(AlignedText text) => Replace(text, pattern, content);

    internal static AlignedText Replace(AlignedText text, TextPattern pattern, string content)
    {
        var matches = pattern.Find(text.Chars);
        if (matches.Count == 0) return text;
        AlignedText.Check(text.Length + (long)matches.Count * content.Length);
        var result = new AlignedText(text.Length);
        var from = 0;
        foreach (var match in matches)
        {
            result.Add(text, from, match.Start);
            var last = match.End > 0 ? match.End - 1 : 0;
            if (text.Length > 0) result.Add(content, text.StartOf(last), text.EndOf(last));
            from = match.End;
        }
        result.Add(text, from, text.Length);
        return result;
    }
}

/// <summary>Puts a string in front of text that is not empty, in the range of its first character.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    internal override AlignedText Apply(AlignedText text) => Prepend(text, prefix);

    internal static AlignedText Prepend(AlignedText text, string prefix)
    {
        if (text.Length == 0 || prefix.Length == 0) return text;
        var result = new AlignedText(text.Length + prefix.Length);
        result.Add(prefix, text.StartOf(0), text.EndOf(0));
        result.Add(text, 0, text.Length);
        return result;
    }
}
