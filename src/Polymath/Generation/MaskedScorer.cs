using Polymath.Backbones;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Generation;

/// <summary>
/// Pseudo-likelihoods by a masked language model: each token of an answer is masked in turn, the rest of it stays visible (Salazar et al. 2020). The output layer
/// runs at the masks only.
/// </summary>
internal sealed class MaskedScorer(Network network, int mask, int passTokens = 2048)
{
    /// <inheritdoc cref="IAnswerScorer.LogProbabilities"/>
    public IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default)
    {
        float[][][] results = [.. requests.Select(request => request.Answers.Select(answer => new float[answer.Length]).ToArray())];
        (int Request, int Answer, int Token)[] rows = [.. requests.SelectMany((request, r) =>
            request.Answers.SelectMany((answer, a) => answer.Select((_, t) => (r, a, t))))];
        int Length(int row) => requests[rows[row].Request].Before.Length + requests[rows[row].Request].Answers[rows[row].Answer].Length + (requests[rows[row].Request].After?.Length ?? 0);
        using var noGrad = no_grad();
        foreach (var chunk in PackedBatch.ByBudget(Enumerable.Range(0, rows.Length), Length, passTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. chunk.Select(row => Masked(requests[rows[row].Request], rows[row].Answer, rows[row].Token))]);
            var asked = batch.Order.Select(at => rows[chunk[at]]).ToArray();
            using var places = tensor(asked.Select((row, packed) => (long)batch.Offsets[packed] + requests[row.Request].Before.Length + row.Token).ToArray());
            using var tokens = tensor(asked.Select(row => (long)requests[row.Request].Answers[row.Answer][row.Token]).ToArray());
            var scores = network.HeadScores(network.Last(batch).index_select(0, places), batch).to(ScalarType.Float32);
            var found = nn.functional.log_softmax(scores, 1).gather(1, tokens.unsqueeze(1)).contiguous().data<float>().ToArray();
            for (var row = 0; row < asked.Length; row++) results[asked[row].Request][asked[row].Answer][asked[row].Token] = found[row];
        }
        return results;
    }

    private int[] Masked(ScoringRequest request, int answer, int token)
    {
        int[] ids = [.. request.Before, .. request.Answers[answer], .. request.After ?? []];
        ids[request.Before.Length + token] = mask;
        return ids;
    }
}
