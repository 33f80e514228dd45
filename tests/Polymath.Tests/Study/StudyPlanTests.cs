using CsCheck;
using Polymath.Study;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>What a study will run, and how long it says that takes.</summary>
public class StudyPlanTests
{
    [Fact]
    public void Cells_are_methods_times_sizes_times_folds_times_seeds_and_the_estimate_is_their_sum()
    {
        var options = new StudyOptions { Sizes = [new(4, 0), StudySize.All], Seeds = 2, Folds = 5 };
        var plan = StudyFakes.Plan(StudyFakes.Task(60), options, new FakeMethod("a", estimate: 0.5), new FakeMethod("b", estimate: 0.25));
        Assert.Equal(2 * 2 * 5 * 2, plan.Cells.Count);
        Assert.Equal(20 * 0.5 + 20 * 0.25, plan.Seconds, 1e-9);
        Assert.All(plan.Cells.Where(cell => !cell.Size.IsAll), cell => Assert.Equal(8, cell.Train.Length));
        Assert.All(plan.Cells, cell => Assert.Empty(cell.Train.Intersect(cell.Split.Test)));
    }

    [Fact]
    public void A_method_that_trains_everything_runs_once_unless_the_study_is_full()
    {
        var options = new StudyOptions { Seeds = 2, Folds = 5, Budget = null };
        var costly = new FakeMethod("tune", everything: true);
        Assert.Equal("all, seed 0, fold 1 of 5", Assert.Single(StudyFakes.Plan(StudyFakes.Task(), options, costly).Cells) is var cell ? $"{cell.Size}, seed {cell.Seed}, {cell.Split.Name}" : "");
        Assert.Equal(2 * 5 * 2, StudyFakes.Plan(StudyFakes.Task(), options with { Full = true }, costly).Cells.Count); // sizes 8 and all; 32 a class is all there is
    }

    [Fact]
    public void A_costly_method_for_few_rows_runs_at_the_smallest_size()
    {
        var plan = StudyFakes.Plan(StudyFakes.Task(), new StudyOptions { Sizes = [StudySize.All, new(3, 0)] }, new FakeMethod("few", everything: true) { ForFewRows = true });
        Assert.Equal("3", Assert.Single(plan.Cells).Size.ToString());
    }

    [Fact]
    public void What_does_not_fit_the_time_is_left_out_the_costliest_first_and_said()
    {
        StudyTask[] tasks = [StudyFakes.Task(name: "one"), StudyFakes.Task(name: "two")];
        var options = new StudyOptions { Sizes = [StudySize.All], Budget = TimeSpan.FromSeconds(100) };
        var plan = StudyPlan.Make(tasks, [new FakeMethod("cheap", estimate: 2), new FakeMethod("tune", estimate: 50, everything: true), new FakeMethod("huge", estimate: 70, everything: true)], null, new StudySpeed(), options);
        Assert.Equal(["huge", "huge", "tune"], plan.LeftOut.Select(left => left.Method.Name).Order());
        Assert.InRange(plan.Seconds, 70, 100);
        Assert.Equal(10, plan.Cells.Count(cell => cell.Method.Name == "cheap"));
        Assert.Empty(StudyPlan.Make(tasks, [new FakeMethod("tune", estimate: 500, everything: true)], null, new StudySpeed(), options with { Budget = null }).LeftOut);
    }

    [Fact]
    public void A_method_that_reads_a_model_is_left_out_where_there_is_none()
    {
        var plan = StudyFakes.Plan(StudyFakes.Task(), null, new FakeMethod("a"), new FakeMethod("b", backbone: true));
        Assert.Contains("none was given", Assert.Single(plan.LeftOut).Reason);
        Assert.All(plan.Cells, cell => Assert.Equal("a", cell.Method.Name));
    }

    [Theory]
    [InlineData("8", 8, 0), InlineData("25%", 0, 0.25), InlineData("all", 0, 1), InlineData("2.5%", 0, 0.025)]
    public void Sizes_are_read_and_written(string text, int perClass, double share)
    {
        var size = StudySize.Parse(text);
        Assert.Equal((perClass, share), (size.PerClass, Math.Round(size.Share, 9)));
        Assert.Equal(text, size.ToString());
    }

    [Theory]
    [InlineData("0"), InlineData("-3"), InlineData("some"), InlineData("0%"), InlineData("101%"), InlineData("")]
    public void Other_sizes_are_refused(string text) => Assert.Contains("25%", Assert.Throws<PolymathException>(() => StudySize.Parse(text)).Message);

    [Fact]
    public void A_smaller_size_is_part_of_a_larger_one() => Gen.Select(Gen.Int[20, 120], Gen.Int[2, 5], Gen.Int[1, 6], Gen.Int[0, 9]).Sample((rows, classes, few, seed) =>
    {
        var task = StudyFakes.Task(rows, classes);
        var train = Enumerable.Range(0, rows).ToArray();
        int[] small = new StudySize(few, 0).Take(task, train, seed), large = new StudySize(few + 2, 0).Take(task, train, seed);
        return !small.Except(large).Any() && small.GroupBy(row => task.Truth[row].Ids[0]).All(rowsOf => rowsOf.Count() <= few) && small.SequenceEqual(small.Order());
    }, iter: 200);

    [Fact]
    public void Folds_measure_every_row_once_and_keep_groups_together()
    {
        var task = StudyTask.Of("grouped", LabelledRows.From(StudyFakes.Rows(60, grouped: 3)));
        var splits = StudySplits.Make(task, 4, seed: 3);
        Assert.Equal(Enumerable.Range(0, 60), splits.SelectMany(split => split.Test).Order());
        Assert.All(splits, split => Assert.Empty(split.Train.Select(row => task.Rows[row].Group).Intersect(split.Test.Select(row => task.Rows[row].Group))));
        Assert.NotEqual(splits[0].Test, StudySplits.Make(task, 4, seed: 4)[0].Test);
    }

    [Fact]
    public void Test_rows_are_the_only_split_where_there_are_any()
    {
        var task = StudyTask.Of("t", LabelledRows.From(StudyFakes.Rows(20)), LabelledRows.From(StudyFakes.Rows(6)));
        var split = Assert.Single(StudySplits.Make(task, 5, 0));
        Assert.Equal((20, 6, 20), (split.Train.Length, split.Test.Length, split.Test[0]));
    }
}
