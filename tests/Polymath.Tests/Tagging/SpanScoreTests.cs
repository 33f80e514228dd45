using Polymath.Evaluation;
using Polymath.Tagging;

namespace Polymath.Tests;

/// <summary>Span scores counted by hand, as conlleval counts.</summary>
public sealed class SpanScoreTests
{
    [Theory]
    [InlineData("B-a I-a O B-b", "0-2a 3-4b")]
    [InlineData("B-a B-a I-a", "0-1a 1-3a")]
    [InlineData("B-a I-b I-b", "0-1a 1-3b")] // another kind begins a span of its own
    [InlineData("O I-a I-a O I-b", "1-3a 4-5b")] // so does an I- after O
    [InlineData("I-a B-a", "0-1a 1-2a")]
    [InlineData("O O", "")]
    public void Spans_of_tags(string tags, string spans) =>
        Assert.Equal(spans, string.Join(' ', WordSpan.Of(tags.Split(' ')).Select(span => $"{span.First}-{span.End}{span.Kind}")));

    [Fact]
    public void Repaired_tags_have_the_same_spans()
    {
        string[] tags = ["I-a", "I-a", "O", "I-b", "B-a", "I-b"];
        var repaired = Tag.Repair(tags, out var changed);
        Assert.Equal(["B-a", "I-a", "O", "B-b", "B-a", "B-b"], repaired);
        Assert.Equal(3, changed);
        Assert.Equal(WordSpan.Of(tags), WordSpan.Of(repaired));
    }

    [Fact]
    public void Precision_recall_and_F1_by_hand()
    {
        string[][] truth = [["B-a", "I-a", "O", "B-b"], ["O", "B-a", "O"], ["B-b", "O"]];
        string[][] found = [["B-a", "I-a", "O", "B-a"], ["B-a", "I-a", "O"], ["B-b", "O"]];
        var outcomes = new TaggingOutcomes(truth, found);
        // True 4 (a 0-2, b 3-4, a 1-2, b 0-1); found 4 (a 0-2, a 3-4, a 0-2, b 0-1); right 2.
        Assert.Equal(new SpanScore(0.5, 0.5, 0.5, 4, 4), outcomes.Overall);
        Assert.Equal(new SpanScore(1.0 / 3, 0.5, 0.4, 2, 3), outcomes.Of("a"));
        Assert.Equal(new SpanScore(1, 0.5, 2.0 / 3, 2, 1), outcomes.Of("b"));
        Assert.Equal(6.0 / 9, Metric.Accuracy.Compute(outcomes), 12);
        Assert.Equal((3, 9), (outcomes.Rows, outcomes.Words));
        Assert.Equal(["a", "b"], outcomes.Kinds);
        Assert.Equal((0.5, 0.5, 0.5), (Metric.SpanF1.Compute(outcomes), Metric.SpanPrecision.Compute(outcomes), Metric.SpanRecall.Compute(outcomes)));
        Assert.Equal(2.0 / 3, Metric.SpanF1.Compute(outcomes, [1, 0, 1]), 12); // as if the second sentence had not been drawn
        Assert.Throws<PolymathException>(() => Metric.Spearman.Compute(outcomes));
        Assert.Equal(new SpanScore(0.5, 0.5, 0.5, 8, 8), ((TaggingOutcomes)TaskOutcomes.Join([outcomes, outcomes])).Overall);
    }

    [Fact]
    public void Nothing_found_and_nothing_to_find()
    {
        Assert.Equal(new SpanScore(0, 0, 0, 1, 0), new TaggingOutcomes([["B-a"]], [["O"]]).Overall);
        Assert.Equal(new SpanScore(0, 0, 0, 0, 1), new TaggingOutcomes([["O"]], [["B-a"]]).Overall);
        Assert.Equal(0, new TaggingOutcomes([["O"]], [["O"]]).Overall.F1);
        Assert.Throws<ArgumentException>(() => new TaggingOutcomes([["O"]], [["O", "O"]]));
        Assert.Throws<ArgumentException>(() => new TaggingOutcomes([], []));
    }

    [Fact]
    public void Intervals_hold_the_value_and_differences_are_paired()
    {
        string[][] truth = [.. Enumerable.Range(0, 60).Select(i => new[] { "B-a", i % 2 == 0 ? "B-b" : "O" })];
        string[][] good = [.. truth.Select((tags, i) => i % 10 == 0 ? ["O", tags[1]] : tags)], poor = [.. truth.Select((tags, i) => i % 3 == 0 ? ["O", tags[1]] : tags)];
        TaggingOutcomes a = new(truth, good), b = new(truth, poor);
        var interval = Bootstrap.Interval(Metric.SpanF1, a, seed: 1);
        Assert.Equal(a.Overall.F1, interval.Value, 12);
        Assert.InRange(interval.Value, interval.Low, interval.High);
        Assert.True(interval.Low < interval.High && interval.High < 1.0001);
        var d = PairedBootstrap.Compare(Metric.SpanF1, a, b, seed: 1);
        Assert.Equal(a.Overall.F1 - b.Overall.F1, d.Difference, 12);
        Assert.True(d.Low > 0 && d.P < 0.05);
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Compare(Metric.SpanF1, a, new TaggingOutcomes(poor, poor)));
    }
}
