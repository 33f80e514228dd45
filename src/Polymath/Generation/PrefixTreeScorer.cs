using Polymath.Backbones;
using Polymath.Backbones.Attention;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Generation;

/// <summary>
/// Exact likelihoods of answers by a decoder or an encoder-decoder. All texts of a call form a tree of tokens: what they share is computed once. The beginning that
/// all share becomes keys and values; the branches behind it run in passes of bounded size, and the output layer only where an answer's token is predicted.
/// </summary>
/// <param name="network">A decoder or an encoder-decoder with its language model head.</param>
/// <param name="passTokens">About how many tokens of the tree run in one pass.</param>
internal sealed class PrefixTreeScorer(Network network, int passTokens = 512)
{
    private readonly ITokenDecoder _decoder = (ITokenDecoder)network;

    /// <summary>Tokens that went through the blocks so far.</summary>
    public long TokensRun { get; private set; }

    /// <inheritdoc cref="IAnswerScorer.LogProbabilities"/>
    public IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default)
    {
        float[][][] results = [.. requests.Select(request => request.Answers.Select(answer => new float[answer.Length]).ToArray())];
        if (requests.Count == 0) return results;
        if (network is EncoderDecoder both) ScoreSources(both, requests, results, cancellation);
        else ScorePrompts(requests, results, cancellation);
        return results;
    }

    private void ScorePrompts(IReadOnlyList<ScoringRequest> requests, float[][][] results, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        var root = TokenTree.Build(requests.SelectMany((request, r) => request.Answers.Select((answer, a) => (request.Before, answer, results[r][a]))));
        var shared = root.SharedBeginning();
        using var past = shared.Length == 0 ? null : new KeyValues(_decoder.DecoderDepth);
        if (past is not null) Run(TokenTree.Chain(shared), null, past, null, []);
        foreach (var branches in root.After(shared.Length).Passes(passTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            Run(branches, past, null, null, []);
        }
    }

    /// <summary>Sources are encoded in batches; the answers of each are a tree behind the start token.</summary>
    private void ScoreSources(EncoderDecoder both, IReadOnlyList<ScoringRequest> requests, float[][][] results, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        int Tokens(int r) => requests[r].Before.Length + requests[r].Answers.Sum(answer => answer.Length);
        foreach (var chunk in PackedBatch.ByBudget(Enumerable.Range(0, requests.Count), Tokens, passTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. chunk.Select(r => requests[r].Before)]);
            using var source = both.Read(batch, remember: false);
            TokenTree[] trees = [.. batch.Order.Select(at => TokenTree.Build(requests[chunk[at]].Answers.Select((answer, a) => ((int[])[both.DecoderStart], answer, results[chunk[at]][a]))))];
            var rows = trees.Select(tree => tree.Flatten()).ToArray();
            Run(TokenTree.Flat.Join(rows), null, null, source, [.. rows.Select(row => row.Ids.Length)]);
        }
    }

    /// <summary>Runs the tokens of some branches and reads the answers' log-probabilities off them.</summary>
    private void Run(TokenTree.Flat tree, KeyValues? past, KeyValues? record, SourceStates? source, int[] counts)
    {
        using var scope = NewDisposeScope();
        using var plan = new TreeAttention(tree.Parents, past, record);
        using var ids = tensor(Array.ConvertAll(tree.Ids, id => (long)id));
        using var positions = tensor(TreeAttention.Positions(tree.Parents, past?.Tokens ?? 0));
        TokensRun += tree.Ids.Length;
        var states = _decoder.Run(new TokenPass(ids, positions, plan) { Source = source, SourceCounts = counts });
        var asked = tree.Questions.Select(question => question.Place).Distinct().Order().ToArray();
        if (asked.Length == 0) return;
        using var places = tensor(Array.ConvertAll(asked, place => (long)place));
        var logits = _decoder.Logits(states.index_select(0, places)).to(ScalarType.Float32);
        var logs = nn.functional.log_softmax(logits, 1); // [asked, V]
        using var rows = tensor(tree.Questions.Select(question => (long)Array.BinarySearch(asked, question.Place)).ToArray());
        using var tokens = tensor(tree.Questions.Select(question => (long)question.Token).ToArray());
        var found = logs.view(-1).index_select(0, rows * logs.shape[1] + tokens).data<float>().ToArray();
        for (var q = 0; q < found.Length; q++)
            foreach (var (target, at) in tree.Questions[q].Answers) target[at] = found[q];
    }
}
