using Polymath.Features;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>The tokens of a row: what the model reads, and what it should write, the end token included.</summary>
/// <param name="Prompt">The input and, for a decoder, the separator; the source of an encoder-decoder.</param>
/// <param name="Answer">The answer.</param>
internal sealed record TextToTextRow(int[] Prompt, int[] Answer);

/// <summary>Turns rows into tokens, the same way in training and in prediction.</summary>
/// <param name="model">The model.</param>
/// <param name="record">Separator and limits.</param>
internal sealed class TextToTextEncoder(LanguageModel model, TextToTextRecord record)
{
    private readonly int[] _separator = model.Kind == LanguageModelKind.Decoder && record.Separator.Length > 0 ? model.Encode(record.Separator, addSpecialTokens: false) : [];

    /// <summary>Inputs that were longer than the limit and were cut.</summary>
    public int Cut { get; private set; }

    /// <summary>The tokens of an input as the model reads it.</summary>
    /// <exception cref="PolymathException">Nothing is left of it, or the network does not know a token.</exception>
    public int[] Prompt(Row row) => Prompt(row, record.InputTokens);

    /// <summary>A row with its right answer, for its likelihood: the input is cut further where both together are longer than the model reads.</summary>
    /// <exception cref="PolymathException">The answer leaves no room for an input, or the network does not know a token.</exception>
    public TextToTextRow Scored(Row row)
    {
        var answer = Answer(row);
        var room = model.Kind == LanguageModelKind.Decoder ? model.MaxTokens - _separator.Length - answer.Length : model.MaxTokens;
        if (room < 1 || answer.Length > model.MaxTokens)
            throw new PolymathException($"{At(row)}the answer has {answer.Length:N0} tokens, which leaves no room for an input: the model reads {model.MaxTokens:N0} tokens in all; shorten it or leave the row out");
        return new TextToTextRow(Prompt(row, Math.Min(room, record.InputTokens)), answer);
    }

    private int[] Prompt(Row row, int limit)
    {
        var input = TokenRow.Cut(model.Tokenizer, row.Text, row.Pair, limit, out var cut).Ids;
        if (cut) Cut++;
        int[] prompt = [.. input, .. _separator];
        return prompt.Length > 0 ? Known(prompt, row) : throw new PolymathException($"{At(row)}the tokenizer makes no tokens of the input '{OneLine.Short(row.Text)}'; expected a text that the model can read");
    }

    /// <summary>The tokens of a row's right answer.</summary>
    public int[] Answer(Row row) => Known(model.Kind == LanguageModelKind.EncoderDecoder
        ? TargetTokens.Of(model.Tokenizer, row.Label!, model.EndTokens)
        : TargetTokens.Ended(model.Encode(row.Label!, addSpecialTokens: false), model.EndTokens), row);

    /// <summary>Limits that suit rows: the longest answer, and what is left for inputs beside it.</summary>
    /// <exception cref="PolymathException">An answer leaves no room for an input, or the model names no end token.</exception>
    public static TextToTextRecord Fit(LanguageModel model, IReadOnlyList<Row> rows, TextToTextOptions options)
    {
        RequireWriter(model);
        new GenerationOptions { MaxNewTokens = options.MaxNewTokens ?? 1, Beams = options.Beams }.Check();
        var encoder = new TextToTextEncoder(model, new TextToTextRecord(options.Separator, model.MaxTokens, 1));
        var (longest, line) = rows.Select(row => (encoder.Answer(row).Length, row)).MaxBy(entry => entry.Length);
        // Half of a decoder's context at most: an input that is cut away to a few words teaches nothing.
        var most = model.Kind == LanguageModelKind.Decoder ? (model.MaxTokens - encoder._separator.Length) / 2 : model.MaxTokens;
        if (longest > most) throw new PolymathException($"{At(line)}the answer has {longest:N0} tokens; the model writes at most {most:N0} beside an input: shorten it or leave the row out");
        var written = Math.Max(longest, options.MaxNewTokens ?? 0);
        var room = model.Kind == LanguageModelKind.Decoder ? model.MaxTokens - encoder._separator.Length - written : model.MaxTokens - 1;
        if (room < 1) throw new PolymathException($"{written:N0} new tokens leave no room for an input: the model reads {model.MaxTokens:N0} tokens in all; lower the new tokens");
        return new TextToTextRecord(options.Separator, room, options.MaxNewTokens ?? longest) { Beams = options.Beams };
    }

    /// <summary>Says that a model cannot learn to write answers.</summary>
    /// <exception cref="PolymathException">It fills in masks, or names no end token.</exception>
    public static void RequireWriter(LanguageModel model)
    {
        if (model.Kind == LanguageModelKind.Masked) throw new PolymathException($"{model.Path}: a masked language model writes no text; expected a decoder (GPT-2, Llama) or an encoder-decoder (T5, BART)");
        if (model.EndTokens.Count == 0) throw new PolymathException($"{model.Path}: the model names no end token, so it could not learn where an answer ends; expected eos_token_id in config.json");
    }

    private int[] Known(int[] ids, Row row) => ids.Max() < model.Config.VocabularySize ? ids
        : throw new PolymathException($"{At(row)}the tokenizer gave the id {ids.Max()}, but the network knows {model.Config.VocabularySize} tokens; do they belong together?");

    private static string At(Row row) => row.Line > 0 ? $"line {row.Line}: " : "";
}
