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

    /// <summary>Ids that the tokenizer puts before and after every text.</summary>
    internal (int[] Before, int[] After) Frame => field.Before is { } ? field : field = FindFrame();

    /// <summary>The tokens of a text alone.</summary>
    internal int[] Encode(string text) => text.Length == 0 ? [] : Tokenizer.Encode(text, addSpecialTokens: false).Ids;

    private (int[] Before, int[] After) FindFrame()
    {
        var encoding = Tokenizer.Encode("a");
        var first = Array.IndexOf(encoding.SpecialTokensMask, 0);
        var last = Array.LastIndexOf(encoding.SpecialTokensMask, 0);
        return (encoding.Ids[..first], encoding.Ids[(last + 1)..]);
    }
}
