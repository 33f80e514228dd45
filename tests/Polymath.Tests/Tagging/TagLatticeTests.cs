using CsCheck;
using Polymath.Tagging;

namespace Polymath.Tests;

/// <summary>The decoder against every sequence there is.</summary>
public sealed class TagLatticeTests
{
    private static readonly TagSet s_tags = new(["b", "a"]);

    private static readonly Gen<(float[] Logits, float[] Transitions)> s_cases =
        from words in Gen.Int[1, 5]
        from logits in Gen.Float[-4, 4].Array[words * 5]
        from transitions in Gen.Float[-2, 2].Array[6 * 5]
        select (logits, transitions);

    [Fact]
    public void The_best_sequence_is_the_best_of_all_valid_ones() => s_cases.Sample(given =>
    {
        var best = new TagLattice(given.Logits, 5, given.Transitions).Best();
        var sequences = Sequences(given.Logits.Length / 5).Select(tags => (Tags: tags, Score: Score(tags, given.Logits, given.Transitions))).ToArray();
        Assert.Equal(sequences.Max(s => s.Score), Score(best, given.Logits, given.Transitions), 9);
        Assert.True(Valid(best));
    }, iter: 200);

    [Fact]
    public void A_spans_probability_is_the_share_of_the_sequences_that_have_it() => s_cases.Sample(given =>
    {
        var words = given.Logits.Length / 5;
        var lattice = new TagLattice(given.Logits, 5, given.Transitions);
        var weights = Sequences(words).Select(tags => (Spans: WordSpan.Of([.. tags.Select(t => s_tags.Names[t])]).ToHashSet(), Weight: Math.Exp(Score(tags, given.Logits, given.Transitions)))).ToArray();
        var total = weights.Sum(w => w.Weight);
        for (var first = 0; first < words; first++)
            for (var end = first + 1; end <= words; end++)
                for (var kind = 0; kind < 2; kind++)
                {
                    var span = new WordSpan(first, end, s_tags.Kinds[kind]);
                    Assert.Equal(weights.Where(w => w.Spans.Contains(span)).Sum(w => w.Weight) / total, lattice.SpanProbability(first, end, 1 + 2 * kind), 9);
                }
    }, iter: 60);

    [Fact]
    public void Without_transitions_only_validity_counts()
    {
        // I-a is by far the likeliest tag of the first word, but a sequence cannot begin with it.
        float[] logits = [0, 1, 9, 0, 0, /**/ 0, 0, 9, 0, 0];
        Assert.Equal([1, 2], new TagLattice(logits, 5, null).Best());
        Assert.Empty(new TagLattice([], 5, null).Best());
    }

    [Fact]
    public void Transitions_say_what_follows_what()
    {
        int[][] sequences = [[0, 1, 2, 2, 0], [1, 2, 2], [0, 0, 1, 2]];
        var learned = TagTransitions.Learn(sequences, 5, 1);
        Assert.True(learned[1 * 5 + 2] > 0); // I-a after B-a is common
        Assert.True(learned[1 * 5 + 2] > learned[1 * 5 + 0]);
        Assert.All(TagTransitions.Learn(sequences, 5, 0), score => Assert.Equal(0, score));
        Assert.Equal(learned[2] * 0.5, TagTransitions.Learn(sequences, 5, 0.5)[2], 6);
    }

    private static double Score(int[] tags, float[] logits, float[] transitions)
    {
        double score = 0;
        for (var w = 0; w < tags.Length; w++)
        {
            var row = logits.AsSpan(w * 5, 5).ToArray();
            score += row[tags[w]] - Math.Log(row.Sum(value => Math.Exp(value))) + transitions[(w == 0 ? 5 : tags[w - 1]) * 5 + tags[w]];
        }
        return score;
    }

    private static bool Valid(int[] tags) => Enumerable.Range(0, tags.Length).All(w => tags[w] is not (2 or 4) || (w > 0 && (tags[w - 1] == tags[w] || tags[w - 1] == tags[w] - 1)));

    private static IEnumerable<int[]> Sequences(int words) =>
        Enumerable.Range(0, (int)Math.Pow(5, words)).Select(number => Enumerable.Range(0, words).Select(w => number / (int)Math.Pow(5, w) % 5).ToArray()).Where(Valid);
}
