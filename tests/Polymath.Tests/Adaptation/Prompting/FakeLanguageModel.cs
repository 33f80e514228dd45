using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Stands in for a language model: log-probabilities from a function of all tokens, and a count of the calls.</summary>
internal sealed class FakeLanguageModel(Func<ScoringRequest, int, float[]> answer) : IAnswerScorer
{
    /// <summary>The requests of each call.</summary>
    public List<IReadOnlyList<ScoringRequest>> Calls { get; } = [];

    public IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default)
    {
        Calls.Add(requests);
        return [.. requests.Select(request => Enumerable.Range(0, request.Answers.Count).Select(a => answer(request, a)).ToArray())];
    }

    /// <summary>Pseudo log-probabilities: drawn by a seed made of the prompt and the answer's tokens so far.</summary>
    public static FakeLanguageModel Hashed() => new((request, a) =>
    {
        var seed = 17UL;
        foreach (var id in request.Before.Concat(request.After ?? [])) seed = unchecked(seed * 1_000_003 + (ulong)id);
        return [.. request.Answers[a].Select(id => (float)Math.Log(1e-6 + new SeededRandom(seed = unchecked(seed * 1_000_003 + (ulong)id)).NextDouble()))];
    });

    /// <summary>The logarithms of whole answers' probabilities in the order in which they are asked for, the first token carrying all.</summary>
    public static FakeLanguageModel Replaying(IEnumerable<double[]> scores)
    {
        var rest = new Queue<double[]>(scores);
        return new((request, a) =>
        {
            var values = new float[request.Answers[a].Length];
            values[0] = (float)rest.Peek()[a];
            if (a == request.Answers.Count - 1) rest.Dequeue();
            return values;
        });
    }

    /// <summary>A model of a kind around it.</summary>
    public PromptModel As(LanguageModelKind kind, int maxTokens = 512) => new(this, _tokenizers.GetOrAdd(kind, TokenizerOf), kind, maxTokens, Reference);

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<LanguageModelKind, Tokenizer> _tokenizers = new();

    public static BackboneReference Reference { get; } = new(new string('a', 64), "fake", "fake-lm", 1);

    private static Tokenizer TokenizerOf(LanguageModelKind kind) => Tokenizer.Load(TestFiles.Golden("tokenizers", kind switch
    {
        LanguageModelKind.Masked => "wordpiece-uncased",
        LanguageModelKind.EncoderDecoder => "bytebpe-roberta",
        _ => "bytebpe-smollm2",
    }));
}
