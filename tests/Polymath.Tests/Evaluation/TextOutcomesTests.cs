using CsCheck;
using Polymath.Evaluation;

namespace Polymath.Tests;

/// <summary>Metrics of written texts: by hand, against published values, and what must hold of any texts.</summary>
public class TextOutcomesTests
{
    private static readonly Gen<string> _text = Gen.Char["ab cdé,.𝔸\n"].Array[0, 24].Select(letters => new string(letters));

    private static readonly Gen<string> _said = _text.Where(text => !string.IsNullOrWhiteSpace(text));

    private static double Of(Metric metric, string truth, string text) => metric.Compute(new TextOutcomes([truth], [text]));

    [Theory]
    // Lin 2004, section 3: "police kill the gunman" has three words of the reference in order, "the gunman kill police" two.
    [InlineData("police killed the gunman", "police kill the gunman", 0.75)]
    [InlineData("police killed the gunman", "the gunman kill police", 0.5)]
    [InlineData("The cat, the DOG!", "the dog", 2 * 2 / 6.0)] // punctuation and case do not count
    [InlineData("one two", "three", 0)]
    [InlineData("one two", "", 0)]
    [InlineData("?!", "?!", 1)] // no words at all
    [InlineData("?!", "...", 0)]
    public void Rouge_l_is_what_a_hand_gets(string truth, string text, double expected) => Assert.Equal(expected, Of(Metric.RougeL, truth, text), 1e-12);

    [Fact]
    public void Chrf_is_what_the_reference_gives()
    {
        // The two examples of the Hugging Face metric card, computed with sacrebleu.
        Assert.Equal(0.61576379378113785, Of(Metric.Chrf, "The ties between Obama and Netanyahu are not particularly friendly.", "The relationship between Obama and Netanyahu is not exactly friendly."), 1e-12);
        var both = new TextOutcomes(
            ["The relationship between dogs and cats is not exactly friendly.", "A good bookshop is just a genteel Black Hole that knows how to read."],
            ["The relationship between cats and dogs is not exactly friendly.", "a good bookshop is just a genteel black hole that knows how to read."]);
        Assert.Equal(0.8464214891738334, Metric.Chrf.Compute(both), 1e-12);
    }

    [Fact]
    public void Chrf_is_what_a_hand_gets()
    {
        // Written "abc", right "abd": 2 of 3 letters, 1 of 2 pairs, 0 of 1 triple; precision and recall agree, so F2 is their mean.
        Assert.Equal((2 / 3.0 + 1 / 2.0 + 0) / 3, Of(Metric.Chrf, "abd", "abc"), 1e-12);
        // Written "ab", right "abcd": only n = 1 and 2 exist on both sides. Precision 1, recall (2/4 + 1/3) / 2.
        const double recall = (2 / 4.0 + 1 / 3.0) / 2;
        Assert.Equal(5 * recall / (4 + recall), Of(Metric.Chrf, "ab cd", "a b"), 1e-12);
        Assert.Equal(0, Of(Metric.Chrf, "abc", ""));
    }

    [Fact]
    public void Exact_match_and_perplexity_are_what_a_hand_gets()
    {
        var outcomes = new TextOutcomes(["Paris", "Rome", "Bern"], ["Paris ", "rome", "Bern"], [Math.Log(0.5), 2 * Math.Log(0.25), Math.Log(0.125)], [1, 2, 1]);
        Assert.Equal(2 / 3.0, Metric.ExactMatch.Compute(outcomes), 1e-12);
        Assert.Equal(Math.Pow(2, (1 + 4 + 3) / 4.0), Metric.Perplexity.Compute(outcomes), 1e-12);
        Assert.Equal(Math.Pow(2, (1 + 1 + 3) / 3.0), Metric.Perplexity.Compute(outcomes, [2, 0, 1]), 1e-12);
        Assert.Equal(1, Metric.ExactMatch.Compute(outcomes, [2, 0, 1]));
        Assert.Equal(double.NaN, Metric.Perplexity.Compute(new TextOutcomes(["a"], ["a"])));
        Assert.True(Metric.Perplexity.IsBetter(1.5, 2));
        Assert.Throws<PolymathException>(() => Metric.Accuracy.Compute(outcomes));
    }

    [Fact]
    public void The_same_text_is_all_right() => _said.Sample(text =>
    {
        Assert.Equal(1, Of(Metric.ExactMatch, text, text));
        Assert.Equal(1, Of(Metric.RougeL, text, text), 1e-12);
        Assert.Equal(1, Of(Metric.Chrf, text, text), 1e-12);
    }, iter: 1000);

    [Fact]
    public void Shares_stay_within_their_range_and_rouge_does_not_care_for_sides() => Gen.Select(_text, _text).Sample((a, b) =>
    {
        foreach (var metric in new[] { Metric.ExactMatch, Metric.RougeL, Metric.Chrf }) Assert.InRange(Of(metric, a, b), 0, 1);
        Assert.Equal(Of(Metric.RougeL, a, b), Of(Metric.RougeL, b, a));
    }, iter: 1000);

    [Fact]
    public void The_common_subsequence_is_the_one_of_the_definition() => Gen.Select(Gen.Int[0, 3].Array[0, 8], Gen.Int[0, 3].Array[0, 8]).Sample((a, b) =>
    {
        string[] x = [.. a.Select(i => $"{i}")], y = [.. b.Select(i => $"{i}")];
        int Longest(int i, int j) => i == x.Length || j == y.Length ? 0 : x[i] == y[j] ? 1 + Longest(i + 1, j + 1) : Math.Max(Longest(i + 1, j), Longest(i, j + 1));
        Assert.Equal(Longest(0, 0), TextOverlap.CommonSubsequence(x, y));
        Assert.Equal(TextOverlap.CommonSubsequence(x, y), TextOverlap.CommonSubsequence(y, x));
    }, iter: 300);

    [Fact]
    public void Drawing_every_row_twice_changes_nothing_and_parts_join() => Gen.Select(_text, _text).Array[1, 6].Sample(pairs =>
    {
        var logs = pairs.Select((_, row) => -1.5 * row).ToArray();
        TextOutcomes Part(Range rows) => new([.. pairs[rows].Select(pair => pair.Item1)], [.. pairs[rows].Select(pair => pair.Item2)], logs[rows], [.. pairs[rows].Select(_ => 3)]);
        var all = Part(..);
        var joined = pairs.Length == 1 ? all : TaskOutcomes.Join([Part(..1), Part(1..)]);
        Assert.True(all.SameTruth(joined));
        foreach (var metric in new[] { Metric.ExactMatch, Metric.RougeL, Metric.Chrf, Metric.Perplexity })
        {
            Assert.Equal(metric.Compute(all), metric.Compute(all, [.. pairs.Select(_ => 2)]), 1e-12);
            Assert.Equal(metric.Compute(all), metric.Compute(joined), 1e-12);
        }
    }, iter: 200);
}
