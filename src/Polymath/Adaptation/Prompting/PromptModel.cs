using Polymath.Generation;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Adaptation;

/// <summary>The black box that prompts are put to: whatever gives answers a likelihood, with the tokenizer it reads.</summary>
/// <param name="Scorer">Gives the likelihood of answers.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
/// <param name="Kind">Where answers stand.</param>
/// <param name="MaxTokens">The most tokens of prompt and answer together.</param>
/// <param name="Reference">Which model it is; a task belongs to exactly one.</param>
public sealed record PromptModel(IAnswerScorer Scorer, Tokenizer Tokenizer, LanguageModelKind Kind, int MaxTokens, BackboneReference Reference)
{
    /// <summary>The number format of the network, kept in tasks; null where it is not known.</summary>
    public string? Precision { get; init; }

    /// <summary>A loaded language model as a black box; the caller still owns it.</summary>
    /// <param name="model">The model.</param>
    public static PromptModel Of(LanguageModel model) => new(model, model.Tokenizer, model.Kind, model.MaxTokens,
        new BackboneReference(model.Hash, model.Config.ModelType, model.Name, model.Config.Width) { Source = Path.GetFullPath(model.Path) });

    /// <summary>Ids that the tokenizer puts before and after every text. A reference, so that threads that come at once see all of it or nothing.</summary>
    internal TokenFrame Frame => field ??= TokenFrame.Of(Tokenizer);

    /// <summary>The tokens of a text alone.</summary>
    internal int[] Encode(string text) => text.Length == 0 ? [] : Tokenizer.Encode(text, addSpecialTokens: false).Ids;
}

/// <summary>Ids that a tokenizer puts around every text.</summary>
/// <param name="Before">Before it.</param>
/// <param name="After">After it.</param>
internal sealed record TokenFrame(int[] Before, int[] After)
{
    /// <summary>What a tokenizer puts around a letter.</summary>
    public static TokenFrame Of(Tokenizer tokenizer)
    {
        var encoding = tokenizer.Encode("a");
        var first = Array.IndexOf(encoding.SpecialTokensMask, 0);
        var last = Array.LastIndexOf(encoding.SpecialTokensMask, 0);
        return new TokenFrame(encoding.Ids[..first], encoding.Ids[(last + 1)..]);
    }
}
