using Polymath.Evaluation;
using Polymath.Study;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Scores from sums of tallies, intervals, the rule of the recommendation.</summary>
public class StudyScoreTests
{
    [Fact]
    public void Each_kind_is_scored_by_its_main_metric()
    {
        double Score(StudyTask task, params RowAnswer[] answers) => StudyScore.Of(task, [.. Enumerable.Range(0, answers.Length)], answers)([]);
        RowAnswer Ids(params int[] ids) => new(ids, []);
        Assert.Equal(2 / 3.0, Score(StudyFakes.Task(3, 3), Ids(0), Ids(1), Ids(0)), 1e-12);
        Row Labelled(params string[] labels) => new("t") { Labels = labels };
        var many = StudyTask.Of("many", LabelledRows.OfKind([Labelled("a", "c"), Labelled("b"), Labelled("a", "d"), Labelled()], TaskKind.MultiLabel));
        Assert.Equal(2 * 3 / (2 * 3 + 1.0 + 2), Score(many, Ids(0, 1), Ids(1), Ids(3), Ids()), 1e-12); // 3 hits, 1 false alarm, 2 misses
        var numbers = StudyTask.Of("numbers", LabelledRows.OfKind(new[] { "1", "4", "2", "8" }.Select(value => new Row("t") { Label = value }), TaskKind.Regression));
        Assert.Equal(1, Score(numbers, RowAnswer.OfValue(0), RowAnswer.OfValue(7), RowAnswer.OfValue(0.5), RowAnswer.OfValue(9)), 1e-12);
        var tags = StudyTask.OfSentences("tags", [TaggedSentence.FromWords(["a", "b", "c"], ["B-x", "I-x", "B-y"])]);
        Assert.Equal(["O", "B-x", "I-x", "B-y", "I-y"], tags.Labels);
        Assert.Equal(1, Score(tags, Ids(1, 2, 3)));
        Assert.Equal(0.5, Score(tags, Ids(1, 2, 1)));
        Assert.Equal(2 / 3.0, Score(tags, Ids(1, 2, 0)), 1e-12);
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
        RowAnswer[] ByGroup(StudyCell cell) => [.. cell.Test.Select(row => RowAnswer.OfClass(row / 20 % 2 == 0 ? cell.Task.Truth[row].Ids[0] : 1 - cell.Task.Truth[row].Ids[0]))];
        double Width(StudyTask of)
        {
            var interval = StudyFakes.Summarize(of, new FakeMethod("a") { Answers = ByGroup }).Methods[0].Interval;
            return interval.High - interval.Low;
        }
        double Grouped(int size) => Width(StudyTask.Of("task", LabelledRows.From(StudyFakes.Rows(200, grouped: size))));
        Assert.True(Grouped(20) > 2 * Grouped(0));
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
        var summary = StudyFakes.Summarize(task, new FakeMethod("words", 0.9), new FakeMethod("all", 0.5, everything: true));
        Assert.Equal((200, 40), (summary.Methods[0].Rows, summary.Methods[1].Rows));
        double Right(double share) => StudySplits.Make(task, 5, 0)[0].Test.Average(row => new SeededRandom((ulong)row).NextDouble() < share ? 1.0 : 0);
        var difference = summary.Methods[1].AgainstSimple!;
        Assert.Equal((Right(0.5), Right(0.9)), (difference.A, difference.B));
    }

    [Fact]
    public void A_method_that_learned_from_few_rows_is_compared_at_its_size_and_not_recommended()
    {
        using var folder = new TemporaryFolder();
        var plan = StudyFakes.Plan(StudyFakes.Task(200), new StudyOptions { Sizes = [new(4, 0), StudySize.All] }, new FakeMethod("words", 0.5), new FakeMethod("few", 1, everything: true, backbone: false) { ForFewRows = true });
        var summary = StudySummary.Of(plan, new StudyRunner(folder.Path).Run(plan, null, null, new StudySpeed()))[0];
        Assert.Equal((8, false, true), (summary.Methods[1].TrainRows, summary.Methods[1].AtLargest, summary.Methods[0].AtLargest));
        Assert.Equal("words", summary.Recommended!.Method.Name);
    }

    [Fact]
    public void Macro_F1_and_errors_of_numbers_stand_beside_the_score()
    {
        Assert.Equal(1, StudyFakes.Summarize(StudyFakes.Task(), new FakeMethod("a")).Methods[0].Also["macro-F1"]);
        var numbers = StudyTask.Of("numbers", LabelledRows.OfKind(Enumerable.Range(0, 40).Select(r => new Row("t") { Label = $"{r}" }), TaskKind.Regression));
        var also = StudyFakes.Summarize(numbers, new FakeMethod("a") { Answers = cell => [.. cell.Test.Select(row => RowAnswer.OfValue(row + 2))] }).Methods[0].Also;
        Assert.Equal(2, also["mean error"], 1e-6);
    }

    [Fact]
    public void The_average_over_tasks_of_classes_has_an_interval_of_its_own()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        StudyTask[] tasks = [StudyFakes.Task(200, name: "one"), StudyFakes.Task(300, 3, "two")];
        var plan = StudyPlan.Make(tasks, [new FakeMethod("words", 0.5), new FakeMethod("all", 0.9, backbone: true)], backbone, new StudySpeed(), new StudyOptions { Sizes = [StudySize.All] });
        var summaries = StudySummary.Of(plan, new StudyRunner(folder["out"]).Run(plan, backbone, null, new StudySpeed()));
        var average = Assert.Single(AverageDifference.Of(summaries));
        Assert.Equal(["one", "two"], average.Tasks);
        Assert.Equal(summaries.Average(summary => summary.Methods[1].AgainstSimple!.Difference), average.Difference, 1e-12);
        Assert.InRange(average.Difference, average.Low, average.High);
        // Two tasks know more than one.
        Assert.All(summaries, summary => Assert.True(average.High - average.Low < summary.Methods[1].AgainstSimple!.High - summary.Methods[1].AgainstSimple!.Low));
        Assert.Empty(AverageDifference.Of(summaries.Take(1).ToArray()));
    }
}
