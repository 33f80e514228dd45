using System.Globalization;
using Polymath.Backbones;
using Polymath.Generation;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>
/// Few-shot scoring: the same demonstrations, many texts, many answers. The prefix tree against the same model reading every pair in full (packed, same precision, output
/// layer at the answers only), turn by turn.
/// </summary>
internal static class ScoreBench
{
    public static int Run(string[] args)
    {
        int texts = Timing.Number(args, "--texts", 30), rounds = Timing.Number(args, "--rounds", 3), shots = Timing.Number(args, "--shots", 8), budget = Timing.Number(args, "--tokens", 2048);
        var precision = Enum.Parse<Precision>(Timing.Option(args, "--precision", "Float32"), ignoreCase: true);
        Timing.Announce($"score: {shots} fixed demonstrations, {texts} texts, 6 answers, SmolLM2-135M, {precision}, medians of {rounds} rounds");
        using var model = LanguageModel.Load(Timing.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"), new LanguageModelOptions { Precision = precision });
        var train = Sentences.Of("trec", "train");
        string[] answers = [.. train.Select(row => row.Label!).Distinct().Order()];
        var demonstrations = string.Concat(train.Take(shots).Select(row => $"Question: {row.Text}\nType: {row.Label}\n\n"));
        int[][] words = [.. answers.Select(answer => model.Encode(" " + answer, addSpecialTokens: false))];
        ScoringRequest[] requests = [.. Sentences.Of("trec", "test").Take(texts).Select(row => new ScoringRequest(model.Encode($"{demonstrations}Question: {row.Text}\nType:"), words))];
        IReadOnlyList<float[][]>? tree = null, full = null;
        var treeTokens = 0L;
        var fullTokens = requests.Sum(request => (long)words.Sum(word => request.Before.Length + word.Length - 1));
        List<double> treeSeconds = [], fullSeconds = [];
        for (var round = 0; round < rounds; round++)
        {
            treeSeconds.Add(Timing.Seconds(() =>
            {
                var scorer = new PrefixTreeScorer(model.Network);
                tree = scorer.LogProbabilities(requests);
                treeTokens = scorer.TokensRun;
            }));
            fullSeconds.Add(Timing.Seconds(() => full = Full(model.Network, requests, budget)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: tree {treeSeconds[^1]:F2} s, in full {fullSeconds[^1]:F2} s"));
        }
        var gap = tree!.SelectMany(request => request.SelectMany(answer => answer)).Zip(full!.SelectMany(request => request.SelectMany(answer => answer)), (a, b) => Math.Abs(a - b)).Max();
        double ratio = Timing.Median(fullSeconds) / Timing.Median(treeSeconds), tokens = (double)fullTokens / treeTokens;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{ratio:F1}x faster; {fullTokens:N0} tokens in full, {treeTokens:N0} in the tree: {tokens:F1}x fewer, of which {100 * ratio / tokens:F0} % became time; largest gap {gap:E1}"));
        return gap < (precision == Precision.Float32 ? 1e-4 : 0.2) ? 0 : 1;
    }

    /// <summary>Every prompt with every answer as a row of its own.</summary>
    private static float[][][] Full(Network network, ScoringRequest[] requests, int budget)
    {
        using var noGrad = no_grad();
        var decoder = (ITokenDecoder)network;
        var rows = requests.SelectMany((request, r) => request.Answers.Select((answer, a) => (Request: r, Answer: a, Ids: (int[])[.. request.Before, .. answer.AsSpan(0, answer.Length - 1)]))).ToArray();
        float[][][] results = [.. requests.Select(request => request.Answers.Select(answer => new float[answer.Length]).ToArray())];
        foreach (var chunk in PackedBatch.ByBudget(Enumerable.Range(0, rows.Length), row => rows[row].Ids.Length, budget))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. chunk.Select(row => rows[row].Ids)]);
            var asked = batch.Order.Select((at, packed) => (Row: rows[chunk[at]], End: batch.Offsets[packed + 1])).ToArray();
            var places = asked.SelectMany(row => Enumerable.Range(row.End - requests[row.Row.Request].Answers[row.Row.Answer].Length, requests[row.Row.Request].Answers[row.Row.Answer].Length)).Select(place => (long)place).ToArray();
            var tokens = asked.SelectMany(row => requests[row.Row.Request].Answers[row.Row.Answer]).Select(token => (long)token).ToArray();
            var logits = decoder.Logits(network.Last(batch).index_select(0, tensor(places))).to(ScalarType.Float32);
            var found = nn.functional.log_softmax(logits, 1).gather(1, tensor(tokens).unsqueeze(1)).contiguous().data<float>().ToArray();
            var next = 0;
            foreach (var (row, _) in asked)
                for (var token = 0; token < results[row.Request][row.Answer].Length; token++) results[row.Request][row.Answer][token] = found[next++];
        }
        return results;
    }
}
