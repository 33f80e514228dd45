using System.Text;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>A row that is shown with its answer.</summary>
/// <param name="Row">The row.</param>
/// <param name="Answer">The word that stands for its label.</param>
internal sealed record Demonstration(Row Row, string Answer);

/// <summary>
/// row → text → tokens, within a budget. The whole prompt is tokenized in one piece, so that its tokens are those of the text. Where it is too long,
/// whole demonstrations go first (the first of them first), then the ends of shortenable fields, the longest first; anything else is never touched.
/// </summary>
internal sealed class PromptFiller
{
    private readonly PromptModel _model;
    private readonly PromptTemplate _template;
    private readonly TemplatePart[] _input, _demonstration;
    private readonly int _answerAt;

    public PromptFiller(PromptModel model, PromptTemplate template)
    {
        (_model, _template, _input, _demonstration) = (model, template, template.InputParts, template.DemonstrationParts);
        _answerAt = Array.FindIndex(_input, part => part.Kind == TemplatePartKind.Answer);
        var after = _input[(_answerAt + 1)..];
        if (model.Kind == LanguageModelKind.Decoder && after.FirstOrDefault(part => part.Kind == TemplatePartKind.Field) is { Text: { } late })
            throw new PolymathException($"template, field 'input': {{{{{OneLine.Short(late)}}}}} stands after the answer, where a model that reads from left to right cannot see it; expected {{{{answer}}}} at the end");
        var before = _answerAt > 0 && _input[_answerAt - 1] is { Kind: TemplatePartKind.Literal, Text: var words } ? words : "";
        Space = before.EndsWith(' ') ? " " : "";
        Context = Space.Length > 0 ? before[..^1] : before;
        End = model.Kind == LanguageModelKind.Decoder ? string.Concat(after.Select(part => part.Text)) : "";
    }

    /// <summary>The space before the answer, which belongs to it; or nothing.</summary>
    public string Space { get; }

    /// <summary>The words right before the answer, without that space.</summary>
    public string Context { get; }

    /// <summary>What ends an answer of a decoder; may be empty.</summary>
    public string End { get; }

    /// <summary>Makes a prompt.</summary>
    /// <param name="row">The row that is asked about.</param>
    /// <param name="demonstrations">Rows with answers, the first to be dropped first.</param>
    /// <param name="budget">The most tokens, special tokens included.</param>
    /// <exception cref="PolymathException">A field is missing, or what may not be shortened is too long by itself.</exception>
    public FilledPrompt Fill(Row row, IReadOnlyList<Demonstration> demonstrations, int budget)
    {
        var values = new string[_input.Length];
        for (var p = 0; p < values.Length; p++) values[p] = _input[p].Kind == TemplatePartKind.Field ? PromptTemplate.ValueOf(row, _input[p].Text) : _input[p].Text;
        string[] shown = [.. demonstrations.Select(Show)];
        var dropped = 0;
        var prompt = Encode(shown, values);
        for (; Length(prompt) > budget && dropped < shown.Length; prompt = Encode(shown[dropped..], values)) dropped++;
        var cut = 0;
        while (Length(prompt) > budget)
        {
            var removed = Shorten(values, Length(prompt) - budget);
            if (removed == 0)
                throw new PolymathException($"{(row.Line > 0 ? $"line {row.Line}: " : "")}the prompt has {Length(prompt)} tokens without the parts that may be shortened, but {budget} are allowed; shorten the template, or allow more fields to be shortened with 'shorten'");
            cut += removed;
            prompt = Encode(shown[dropped..], values);
        }
        return new FilledPrompt(prompt.Before, prompt.After, cut, dropped);
    }

    /// <summary>A demonstration as it stands in a prompt.</summary>
    public string Show(Demonstration demonstration) => string.Concat(_demonstration.Select(part => part.Kind switch
    {
        TemplatePartKind.Field => PromptTemplate.ValueOf(demonstration.Row, part.Text),
        TemplatePartKind.Answer => demonstration.Answer,
        _ => part.Text,
    }));

    /// <summary>Tokens that a demonstration adds to a prompt: what a second one of it adds, as a separator may be other tokens where more follows.</summary>
    public int Cost(Demonstration demonstration)
    {
        var shown = Show(demonstration);
        return _model.Encode(shown + _template.Separator + shown).Length - _model.Encode(shown).Length;
    }

    /// <summary>The prompt as text, for people; the answer's place is left empty.</summary>
    public string Render(Row row, IReadOnlyList<Demonstration> demonstrations)
    {
        string[] values = [.. _input.Select(part => part.Kind == TemplatePartKind.Field ? PromptTemplate.ValueOf(row, part.Text) : part.Text)];
        var (before, after) = Join([.. demonstrations.Select(Show)], values);
        return _model.Kind == LanguageModelKind.Decoder ? before : $"{before}{Space}___{after}";
    }

    private (string Before, string After) Join(string[] shown, string[] values)
    {
        var text = new StringBuilder();
        if (!string.IsNullOrEmpty(_template.Instruction)) text.Append(_template.Instruction).Append(_template.Separator);
        foreach (var one in shown) text.Append(one).Append(_template.Separator);
        for (var p = 0; p < _answerAt; p++) text.Append(values[p]);
        if (Space.Length > 0) text.Length--;
        return (text.ToString(), string.Concat(values[(_answerAt + 1)..]));
    }

    private (int[] Before, int[]? After) Encode(string[] shown, string[] values)
    {
        var (before, after) = Join(shown, values);
        var (first, last) = _model.Frame;
        return _model.Kind switch
        {
            LanguageModelKind.Masked => ([.. first, .. _model.Encode(before)], [.. _model.Encode(after), .. last]),
            LanguageModelKind.EncoderDecoder => ([.. first, .. _model.Encode(before + after), .. last], null),
            _ => (NotEmpty([.. first, .. _model.Encode(before)]), null),
        };
    }

    /// <summary>A decoder needs a token to go on from.</summary>
    public int[] NotEmpty(int[] ids) => ids.Length > 0 ? ids
        : [(_model.Tokenizer.Special.Begin ?? _model.Tokenizer.Special.End)?.Id ?? throw new PolymathException("the prompt is empty, and the tokenizer has no token for the beginning of a text; expected some words in the template")];

    private static int Length((int[] Before, int[]? After) prompt) => prompt.Before.Length + (prompt.After?.Length ?? 0);

    /// <summary>Cuts about as many tokens off the ends of shortenable fields, at least one where there is one; says how many.</summary>
    private int Shorten(string[] values, int excess)
    {
        int[] fields = [.. Enumerable.Range(0, values.Length).Where(p => _input[p].Kind == TemplatePartKind.Field && _template.MayShorten(_input[p].Text) && values[p].Length > 0)];
        if (fields.Length == 0) return 0;
        var encodings = Array.ConvertAll(fields, p => _model.Tokenizer.Encode(values[p], addSpecialTokens: false));
        var keep = Array.ConvertAll(encodings, encoding => encoding.Length);
        for (var left = excess; left > 0 && keep.Max() > 0; left--) keep[Array.IndexOf(keep, keep.Max())]--;
        var removed = 0;
        for (var f = 0; f < fields.Length; f++)
        {
            var text = values[fields[f]];
            if (keep[f] == encodings[f].Length && encodings[f].Length > 0) continue;
            // From the beginning of the first token that goes: characters that are spread over several tokens go as a whole.
            var end = encodings[f].Length == 0 ? 0 : Math.Min(encodings[f].Offsets[keep[f]].Start, text.Length - 1);
            if (end > 0 && char.IsLowSurrogate(text[end])) end--;
            values[fields[f]] = text[..end];
            removed += Math.Max(1, encodings[f].Length - _model.Encode(text[..end]).Length);
        }
        return removed;
    }
}
