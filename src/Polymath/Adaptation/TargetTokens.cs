using Polymath.Text;

namespace Polymath.Adaptation;

/// <summary>
/// The tokens of a text that an encoder-decoder writes: it begins and ends as the tokenizer has it for every text, which is how these models were trained
/// (BART <c>&lt;s&gt; text &lt;/s&gt;</c>, T5 <c>text &lt;/s&gt;</c>).
/// </summary>
internal static class TargetTokens
{
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <param name="ends">Tokens that end a text; the first is added where the tokenizer adds none of them.</param>
    public static int[] Of(Tokenizer tokenizer, string text, IReadOnlyList<int> ends) => Ended([.. tokenizer.Encode(text).Ids], ends);

    /// <summary>Tokens with an end token behind them, unless they have one or none is known.</summary>
    public static int[] Ended(int[] ids, IReadOnlyList<int> ends) => ends.Count == 0 || (ids.Length > 0 && ends.Contains(ids[^1])) ? ids : [.. ids, ends[0]];
}
