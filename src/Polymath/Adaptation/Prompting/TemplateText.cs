namespace Polymath.Adaptation;

/// <summary>A piece of a template's text: words as they stand, a field of the row, or the place of the answer.</summary>
/// <param name="Text">The words, or the field's name.</param>
/// <param name="Kind">Which of them.</param>
internal readonly record struct TemplatePart(string Text, TemplatePartKind Kind);

internal enum TemplatePartKind { Literal, Field, Answer }

/// <summary>Reads text with <c>{{name}}</c> in it. There is no expression, no condition and no call: a name is looked up, nothing runs.</summary>
internal static class TemplateText
{
    private static readonly string[] Answers = ["answer", "mask"];

    /// <summary>The parts of a text, in order; neighbouring words are one part.</summary>
    /// <param name="text">The text.</param>
    /// <param name="where">What errors call it.</param>
    /// <exception cref="PolymathException">Braces that are not closed, or a name that is none.</exception>
    public static TemplatePart[] Parse(string text, string where)
    {
        var parts = new List<TemplatePart>();
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf("{{", at, StringComparison.Ordinal);
            if (open < 0) open = text.Length;
            if (open > at) parts.Add(new(text[at..open], TemplatePartKind.Literal));
            if (open == text.Length) break;
            var close = text.IndexOf("}}", open, StringComparison.Ordinal);
            var again = text.IndexOf("{{", open + 2, StringComparison.Ordinal);
            if (close < 0 || (again >= 0 && again < close))
                throw new PolymathException($"{where}, character {open + 1}: the braces of '{OneLine.Short(text[open..Math.Min(text.Length, open + 20)])}' are not closed; expected a name such as {{{{text}}}}");
            var name = text[(open + 2)..close].Trim();
            if (name.Length == 0 || name.Any(c => char.IsControl(c) || c is '{' or '}' or '(' or ')' or '|' or '%' or '"' or '\''))
                throw new PolymathException($"{where}, character {open + 1}: '{OneLine.Short(text[open..(close + 2)])}' names no field; expected text, text_a, text_b, answer, mask, or the name of a column");
            if (name == "label") throw new PolymathException($"{where}, character {open + 1}: {{{{label}}}} would tell the answer; the place of the answer is {{{{answer}}}}");
            parts.Add(Answers.Contains(name) ? new(name, TemplatePartKind.Answer) : new(name, TemplatePartKind.Field));
            at = close + 2;
        }
        return [.. parts];
    }
}
