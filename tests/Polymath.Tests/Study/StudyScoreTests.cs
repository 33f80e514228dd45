using Polymath.Evaluation;
using Polymath.Study;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Scores from sums of tallies, intervals, the rule of the recommendation.</summary>
public class StudyScoreTests
{
    private static double Score(StudyScore score, params (RowAnswer Truth, RowAnswer Answer)[] rows)
    {
        var tallies = rows.Select(row => score.Tally(row.Truth, row.Answer)).ToArray();
        return score.Value([.. Enumerable.Range(0, tallies[0].Length).Select(k => tallies.Sum(tally => tally[k]))]);
    }

    private static RowAnswer Ids(params int[] ids) => new(ids, []);

    [Fact]
    public void Each_kind_has_its_score()
    {
        Assert.Equal(2 / 3.0, Score(new AccuracyScore(), (Ids(1), Ids(1)), (Ids(0), Ids(0)), (Ids(2), Ids(0))), 1e-12);
        Assert.Equal(2 * 3 / (2 * 3 + 1.0 + 2), Score(new LabelF1Score(), (Ids(0, 2), Ids(0, 1)), (Ids(1), Ids(1)), (Ids(0, 3), Ids(3))), 1e-12); // 3 hits, 1 false alarm, 2 misses
        Assert.Equal(0, Score(new LabelF1Score(), (Ids(), Ids())));
        double[] y = [1, 4, 2, 8], said = [1.5, 3, 2, 6];
        var mean = y.Average();
        Assert.Equal(1 - y.Zip(said, (a, b) => (a - b) * (a - b)).Sum() / y.Sum(a => (a - mean) * (a - mean)),
            Score(new ExplainedScore(), [.. y.Zip(said, (a, b) => (RowAnswer.OfValue(a), RowAnswer.OfValue(b)))]), 1e-9);
        Assert.Equal(0, Score(new ExplainedScore(), (RowAnswer.OfValue(2), RowAnswer.OfValue(1))));
    }

    [Fact]
    public void Spans_count_where_kind_and_both_ends_are_right()
    {
        var score = new SpanF1Score(["O", "B-x", "I-x", "B-y", "I-y"]);
        Assert.Equal(new HashSet<(string, int, int)> { ("x", 0, 1), ("x", 2, 2), ("y", 4, 5) }, score.Spans([1, 2, 1, 0, 4, 4]));
        Assert.Equal(new HashSet<(string, int, int)> { ("x", 0, 0), ("y", 1, 1) }, score.Spans([1, 4]));
        Assert.Equal(1, Score(score, (Ids(1, 2, 0), Ids(1, 2, 0))));
        Assert.Equal(0, Score(score, (Ids(1, 2, 0), Ids(1, 0, 0))));
        Assert.Equal(0.5, Score(score, (Ids(1, 2, 3), Ids(1, 2, 1))));
    }

    [Fact]
    public void The_interval_holds_the_score_and_narrows_with_rows()
    {
        double Width(int rows)
        {
            var interval = StudyFakes.Summarize(StudyFakes.Task(rows), new FakeMethod("a", 0.7)).Methods[0].Interval;
            Assert.InRange(interval.Value, interval.Low, interval.High);
            return interval.High - interval.Low;
        }
        Assert.InRange(Width(1600) / Width(100), 0.15, 0.4); // a quarter, up to chance
    }

    [Fact]
    public void Groups_widen_the_interval_because_they_are_drawn_whole()
    {
        var task = StudyFakes.Task(200);
        RowAnswer[] ByGroup(StudyCell cell) => [.. cell.Test.Select(row => RowAnswer.OfClass(row / 20 % 2 == 0 ? cell.Task.Truth[row].Ids[0] : 1 - cell.Task.Truth[row].Ids[0]))];
        double Width(StudyTask of)
        {
            var interval = StudyFakes.Summarize(of, new FakeMethod("a") { Answers = ByGroup }).Methods[0].Interval;
            return interval.High - interval.Low;
        }
        Assert.True(Width(task with { Groups = [.. Enumerable.Range(0, 200).Select(row => $"{row / 20}")] }) > 2 * Width(task));
    }

    [Fact]
    public void The_simplest_method_that_none_is_shown_to_beat_is_recommended()
    {
        StudySummary Of(params FakeMethod[] methods) => StudyFakes.Summarize(StudyFakes.Task(200), methods);
        var clear = Of(new("words", 0.4), new("layers", 0.8, backbone: false), new("all", 0.81));
        Assert.Equal("layers", clear.Recommended!.Method.Name);
        Assert.Contains("within chance", clear.Recommendation!.Reason);
        var best = Of(new("words", 0.4), new("layers", 0.6), new("all", 0.9));
        Assert.Equal((2, 2), (best.Recommendation!.Method, best.Recommendation.Best));
        var simple = Of(new("words", 0.9), new("layers", 0.5));
        Assert.Equal("words", simple.Recommended!.Method.Name);
        Assert.StartsWith("words: no method does better", simple.Recommendation!.Reason);
        Assert.Null(StudySummary.Of(StudyFakes.Plan(StudyFakes.Task()), [])[0].Recommendation);
    }

    [Fact]
    public void The_reason_gives_differences_in_points_and_the_share_of_time()
    {
        var summary = StudyFakes.Summarize(StudyFakes.Task(400), new FakeMethod("words", 0.3), new FakeMethod("layers", 0.8, estimate: 2), new FakeMethod("all", 0.805, estimate: 100));
        Assert.Matches(@"^layers: .*\d\.\d points from the best, all \(−?\d\.\d to \d\.\d: within chance on 400 rows\), at 1/50 of its training time$", summary.Recommendation!.Reason);
    }

    [Fact]
    public void Methods_on_different_rows_are_compared_on_those_that_both_have()
    {
        var task = StudyFakes.Task(200);
        var summary = StudyFakes.Summarize(task, new FakeMethod("words", 0.5), new FakeMethod("all", 0.9, everything: true));
        Assert.Equal((200, 40), (summary.Methods[0].Rows, summary.Methods[1].Rows));
        double Right(double share) => StudySplits.Make(task, 5, 0)[0].Test.Average(row => new SeededRandom((ulong)row).NextDouble() < share ? 1.0 : 0);
        var difference = summary.Methods[1].AgainstSimple!;
        Assert.Equal((Right(0.9), Right(0.5)), (difference.A, difference.B));
    }

    [Fact]
    public void Macro_F1_and_errors_of_numbers_stand_beside_the_score()
    {
        Assert.Equal(1, StudyFakes.Summarize(StudyFakes.Task(), new FakeMethod("a")).Methods[0].Also["macro-F1"]);
        var numbers = StudyFakes.Task() with { Kind = TaskKind.Regression, Labels = [], Truth = [.. Enumerable.Range(0, 40).Select(r => RowAnswer.OfValue(r))] };
        var also = StudyFakes.Summarize(numbers, new FakeMethod("a") { Answers = cell => [.. cell.Test.Select(row => RowAnswer.OfValue(row + 2))] }).Methods[0].Also;
        Assert.Equal((2, 1), (also["mean absolute error"], also["Spearman"]));
    }
}
