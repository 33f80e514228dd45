using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>
/// How a row becomes a prompt, declared and never run: texts with <c>{{text}}</c> (<c>{{text_a}}</c> and <c>{{text_b}}</c> of a pair, or any column of the
/// data) and one <c>{{answer}}</c> (or <c>{{mask}}</c>). A prompt is the instruction, the demonstrations and the row itself, with the separator between them.
/// A space right before <c>{{answer}}</c> belongs to the answer, as tokenizers want it. What follows <c>{{answer}}</c> ends the answer in a decoder and stands
/// behind the gap in a masked model.
/// </summary>
/// <example><code>
/// var template = new PromptTemplate("Question: {{text}}\nAnswer type: {{answer}}") { Instruction = "Classify each question." };
/// </code></example>
/// <param name="Input">The row, with the place of its answer.</param>
public sealed record PromptTemplate(string Input)
{
    private static readonly string[] Texts = ["text", "text_a", "text_b"];

    /// <summary>Said once at the beginning; null for nothing. The same for all rows.</summary>
    public string? Instruction { get; init; }

    /// <summary>A row with its answer, as demonstrations show it; null takes <see cref="Input"/>.</summary>
    public string? Demonstration { get; init; }

    /// <summary>What stands between instruction, demonstrations and row.</summary>
    public string Separator { get; init; } = "\n\n";

    /// <summary>Fields whose end may be cut where a prompt is too long; null for the texts of the row. Nothing else is ever cut.</summary>
    public IReadOnlyList<string>? Shorten { get; init; }

    /// <summary>Fields that the template reads, in the order in which they first occur.</summary>
    public IReadOnlyList<string> Fields() => [.. InputParts.Concat(DemonstrationParts).Where(part => part.Kind == TemplatePartKind.Field).Select(part => part.Text).Distinct()];

    /// <summary>A template for tasks of which nothing but the names of the labels is known.</summary>
    /// <param name="labels">The words that answers are.</param>
    /// <param name="pairs">Whether rows are pairs of texts.</param>
    public static PromptTemplate Plain(IEnumerable<string> labels, bool pairs = false) =>
        new(pairs ? "Text A: {{text_a}}\nText B: {{text_b}}\nLabel: {{answer}}" : "Text: {{text}}\nLabel: {{answer}}") { Instruction = $"Label each text with one of: {string.Join(", ", labels)}." };

    /// <summary>Checks everything that can be checked without rows.</summary>
    /// <param name="source">What errors call it.</param>
    /// <returns>The template itself.</returns>
    /// <exception cref="PolymathException">Braces that are not closed, no place or two places for the answer, or a field to shorten that does not occur.</exception>
    public PromptTemplate Check(string source)
    {
        var input = TemplateText.Parse(Input, $"{source}, field 'input'");
        var shown = Demonstration is null ? input : TemplateText.Parse(Demonstration, $"{source}, field 'demonstration'");
        if (Instruction is not null && TemplateText.Parse(Instruction, $"{source}, field 'instruction'").FirstOrDefault(part => part.Kind != TemplatePartKind.Literal) is { Text: { } told })
            throw new PolymathException($"{source}, field 'instruction': {{{{{OneLine.Short(told)}}}}} stands in it, but an instruction is the same for all rows; expected it in 'input'");
        if (TemplateText.Parse(Separator, $"{source}, field 'separator'").Any(part => part.Kind != TemplatePartKind.Literal)) throw new PolymathException($"{source}, field 'separator': expected plain text");
        foreach (var (parts, field) in new[] { (input, "input"), (shown, "demonstration") })
            if (parts.Count(part => part.Kind == TemplatePartKind.Answer) is not 1 and var places)
                throw new PolymathException($"{source}, field '{field}': {(places == 0 ? "there is no {{answer}}" : $"there are {places} places for the answer")}; expected {{{{answer}}}} once");
        if (!input.Any(part => part.Kind == TemplatePartKind.Field)) throw new PolymathException($"{source}, field 'input': no field of the row stands in it; expected at least one, such as {{{{text}}}}");
        foreach (var field in Shorten ?? [])
            if (!input.Any(part => part.Kind == TemplatePartKind.Field && part.Text == field))
                throw new PolymathException($"{source}, field 'shorten': {{{{{OneLine.Short(field)}}}}} does not stand in the input; expected one of {string.Join(", ", input.Where(part => part.Kind == TemplatePartKind.Field).Select(part => part.Text).Distinct())}");
        return this;
    }

    internal TemplatePart[] InputParts => TemplateText.Parse(Input, "template, field 'input'");

    internal TemplatePart[] DemonstrationParts => Demonstration is null ? InputParts : TemplateText.Parse(Demonstration, "template, field 'demonstration'");

    internal bool MayShorten(string field) => Shorten is { } named ? named.Contains(field) : Texts.Contains(field);

    /// <summary>A field of a row.</summary>
    /// <exception cref="PolymathException">The row does not have it.</exception>
    internal static string ValueOf(Row row, string field) => field switch
    {
        "text" or "text_a" => row.Text,
        "text_b" => row.Pair ?? throw Missing(row, "the row has no second text for {{text_b}}; expected pairs of texts"),
        _ => row.Columns.FirstOrDefault(column => column.Key == field).Value
            ?? throw Missing(row, $"there is no column '{OneLine.Short(field)}' for {{{{{OneLine.Short(field)}}}}}; {(row.Columns.Count == 0 ? "the row has a text only" : $"columns found: {string.Join(", ", row.Columns.Take(10).Select(column => OneLine.Short(column.Key)))}")}"),
    };

    private static PolymathException Missing(Row row, string what) => new(row.Line > 0 ? $"line {row.Line}: {what}" : $"template: {what}");
}
