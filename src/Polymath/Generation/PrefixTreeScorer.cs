using Polymath.Backbones;
using Polymath.Backbones.Attention;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Generation;

/// <summary>
/// Exact likelihoods of answers by a decoder or an encoder-decoder. All texts of a call form a tree of tokens: what they share is computed once. A beginning that
/// all branches share becomes keys and values; the branches behind it run in passes of bounded size, and the output layer only where an answer's token is predicted.
/// </summary>
/// <param name="network">A decoder or an encoder-decoder with its language model head.</param>
/// <param name="passTokens">About how many tokens of the tree run in one pass.</param>
internal sealed class PrefixTreeScorer(Network network, int passTokens = 512)
{
    private const int LogitRows = 64;

    private readonly ITokenDecoder _decoder = (ITokenDecoder)network;

    /// <summary>Tokens that went through the blocks so far.</summary>
    public long TokensRun { get; private set; }

    /// <inheritdoc cref="IAnswerScorer.LogProbabilities"/>
    public IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default)
    {
        float[][][] results = [.. requests.Select(request => request.Answers.Select(answer => new float[answer.Length]).ToArray())];
        if (requests.Count == 0) return results;
        using var noGrad = no_grad();
        if (network is EncoderDecoder both) ScoreSources(both, requests, results, cancellation);
        else ScoreTree(TokenTree.Build(requests.SelectMany((request, r) => request.Answers.Select((answer, a) => (request.Before, answer, results[r][a])))), null, null, cancellation);
        return results;
    }

    /// <summary>Scores the branches of a node.</summary>
    /// <param name="node">The node; its own token has run.</param>
    /// <param name="past">Keys and values of the tokens up to the node; null at the root.</param>
    /// <param name="next">Log-probabilities of the token behind the node, [1, V]; null where nobody asks.</param>
    /// <param name="cancellation">Stops between passes.</param>
    private void ScoreTree(TokenTree node, KeyValues? past, Tensor? next, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var (chain, end) = node.Chain();
        using var extended = chain.Ids.Length == 0 ? null : past?.Copy() ?? new KeyValues(_decoder.DecoderDepth);
        if (extended is not null)
        {
            next = RunChain(chain, past, extended, next, end.AsksNext);
            past = extended;
        }
        foreach (var part in end.Passes(passTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            if (part.TooLarge is { } large)
            {
                // What is asked of the branch's first token is read off here; the branch goes on by itself.
                Answer(large.FirstQuestions(), null, next);
                ScoreTree(large, past, null, cancellation);
            }
            else Run(part.Flat!, past, next);
        }
    }

    /// <summary>Sources are encoded in batches; the answers of each are a tree behind the start token.</summary>
    private void ScoreSources(EncoderDecoder both, IReadOnlyList<ScoringRequest> requests, float[][][] results, CancellationToken cancellation)
    {
        // A source with very many answers is read several times.
        var units = requests.SelectMany((request, r) => PackedBatch.ByBudget(Enumerable.Range(0, request.Answers.Count), a => request.Answers[a].Length, passTokens).Select(answers => (Request: r, Answers: answers))).ToArray();
        int Tokens(int unit) => requests[units[unit].Request].Before.Length + units[unit].Answers.Sum(a => requests[units[unit].Request].Answers[a].Length);
        foreach (var chunk in PackedBatch.ByBudget(Enumerable.Range(0, units.Length), Tokens, passTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. chunk.Select(unit => requests[units[unit].Request].Before)]);
            using var source = both.Read(batch, remember: false);
            var rows = batch.Order.Select(at => units[chunk[at]]).Select(unit =>
                TokenTree.Build(unit.Answers.Select(a => ((int[])[both.DecoderStart], requests[unit.Request].Answers[a], results[unit.Request][a]))).Flatten()).ToArray();
            var tree = TokenTree.Flat.Join(rows);
            using var plan = new TreeAttention(tree.Parents, null);
            var states = States(tree, TreeAttention.Positions(tree.Parents, 0), plan, source, [.. rows.Select(row => row.Ids.Length)]);
            Answer(tree.Questions, states, null);
        }
    }

    /// <summary>Runs tokens that follow one another, with the past before them, and gives the log-probabilities of the token behind them if somebody asks.</summary>
    private Tensor? RunChain(TokenTree.Flat chain, KeyValues? past, KeyValues record, Tensor? next, bool asksNext)
    {
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create([chain.Ids]);
        // Without a past the native call knows the triangle and needs no mask, however long the text is.
        using AttentionPlan plan = past is null ? new PackedAttention(batch, causal: true, record) : new TreeAttention(chain.Parents, past, record);
        var states = States(chain, TreeAttention.Positions(chain.Parents, past?.Tokens ?? 0), plan, null, []);
        Answer(chain.Questions, states, next);
        return asksNext ? Logs(states.narrow(0, chain.Ids.Length - 1, 1)).MoveToOuterDisposeScope() : null;
    }

    private void Run(TokenTree.Flat tree, KeyValues? past, Tensor? next)
    {
        using var scope = NewDisposeScope();
        Tensor? states = null;
        if (tree.Ids.Length > 0)
        {
            using var plan = new TreeAttention(tree.Parents, past);
            states = States(tree, TreeAttention.Positions(tree.Parents, past?.Tokens ?? 0), plan, null, []);
        }
        Answer(tree.Questions, states, next);
    }

    private Tensor States(TokenTree.Flat tree, long[] places, AttentionPlan plan, SourceStates? source, int[] counts)
    {
        using var ids = tensor(Array.ConvertAll(tree.Ids, id => (long)id));
        using var positions = tensor(places);
        TokensRun += tree.Ids.Length;
        return _decoder.Run(new TokenPass(ids, positions, plan) { Source = source, SourceCounts = counts });
    }

    private Tensor Logs(Tensor states) => nn.functional.log_softmax(_decoder.Logits(states).to(ScalarType.Float32), 1);

    /// <summary>Writes log-probabilities to the answers that wait for them: behind a token of the pass, or (place −1) behind the past.</summary>
    private void Answer(IReadOnlyList<TokenTree.Question> questions, Tensor? states, Tensor? next)
    {
        // Scores of the whole vocabulary are large: some rows at a time.
        foreach (var block in questions.GroupBy(question => question.Place).OrderBy(place => place.Key).Chunk(LogitRows))
        {
            using var scope = NewDisposeScope();
            var before = block[0].Key < 0;
            if (before) Write(block[0], next!);
            var places = block.Skip(before ? 1 : 0).ToArray();
            if (places.Length == 0) continue;
            var logs = Logs(states!.index_select(0, tensor(Array.ConvertAll(places, place => (long)place.Key))));
            for (var row = 0; row < places.Length; row++) Write(places[row], logs.narrow(0, row, 1));
        }
    }

    private static void Write(IEnumerable<TokenTree.Question> questions, Tensor logs)
    {
        var asked = questions.ToArray();
        var found = logs.contiguous().view(-1).index_select(0, tensor(Array.ConvertAll(asked, question => (long)question.Token))).data<float>().ToArray();
        for (var q = 0; q < found.Length; q++)
            foreach (var (target, at) in asked[q].Answers) target[at] = found[q];
    }
}
