namespace Polymath.Generation;

/// <summary>
/// Answers whose exact likelihood is wanted after the same text. For a decoder, <see cref="Before"/> is the prompt; for an encoder-decoder it is
/// the source and an answer is decoded; for a masked model the answer stands between <see cref="Before"/> and <see cref="After"/>.
/// </summary>
/// <param name="Before">Token ids of the text, special tokens included; at least one.</param>
/// <param name="Answers">Token ids of each answer; at least one token each.</param>
/// <param name="After">Token ids that follow the answer, in a masked model; null for none.</param>
public sealed record ScoringRequest(int[] Before, IReadOnlyList<int[]> Answers, int[]? After = null);

/// <summary>Gives the exact likelihood of answers: what prompt engineering asks of a model.</summary>
public interface IAnswerScorer
{
    /// <summary>
    /// The natural logarithm of the probability of every token of every answer: result[request][answer][token]. A masked model gives
    /// pseudo-likelihoods: each token of the answer masked in turn, the rest of it visible (Salazar et al. 2020).
    /// </summary>
    /// <param name="requests">What to score; prefixes that requests share are computed once.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="PolymathException">A request is longer than the model's context.</exception>
    IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default);
}
