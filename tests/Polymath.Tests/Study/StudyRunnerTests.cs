using Polymath.Native;
using Polymath.Study;

namespace Polymath.Tests;

/// <summary>A study that is stopped goes on where it was.</summary>
public class StudyRunnerTests
{
    private static readonly StudyOptions Options = new() { Sizes = [new(4, 0), StudySize.All], Folds = 3 };

    [Fact]
    public void A_second_run_computes_nothing_and_finds_the_same()
    {
        using var folder = new TemporaryFolder();
        FakeMethod a = new("a", 0.5), b = new("b", 0.7);
        var plan = StudyFakes.Plan(StudyFakes.Task(), Options, a, b);
        var runner = new StudyRunner(folder["out"]);
        var first = runner.Run(plan, null, null, new StudySpeed());
        Assert.Equal((12, 0, 6), (runner.Computed, runner.Found, a.Runs));
        var second = runner.Run(plan, null, null, new StudySpeed());
        Assert.Equal((0, 12, 6), (runner.Computed, runner.Found, a.Runs));
        Assert.Equal(12, runner.CountFinished(plan, null));
        foreach (var (x, y) in first.Zip(second))
            Assert.Equal(x.Result!.Answers.Select(answer => (answer.Ids[0], answer.Numbers[0])), y.Result!.Answers.Select(answer => (answer.Ids[0], answer.Numbers[0])));
    }

    [Fact]
    public void A_kill_at_any_step_of_the_disk_loses_the_running_cell_at_most()
    {
        for (var step = 0; ; step++)
        {
            using var folder = new TemporaryFolder();
            var method = new FakeMethod("a");
            var plan = StudyFakes.Plan(StudyFakes.Task(), Options, method);
            var disk = new StoppingDisk(step);
            try { new StudyRunner(folder["out"], disk).Run(plan, null, null, new StudySpeed()); }
            catch (DiskStoppedException) { }
            var (before, runner) = (method.Runs, new StudyRunner(folder["out"]));
            runner.Run(plan, null, null, new StudySpeed());
            Assert.Equal(plan.Cells.Count, runner.Found + runner.Computed);
            Assert.True(runner.Found >= before - 1, $"step {step}: {before} ran, {runner.Found} were found");
            if (disk.Steps <= step) break;
            Assert.True(step < 200);
        }
    }

    [Fact]
    public void Stopping_keeps_what_is_finished()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var method = new FakeMethod("a") { Fails = run => { if (run == 3) stop.Cancel(); return false; } };
        var plan = StudyFakes.Plan(StudyFakes.Task(), Options, method);
        Assert.Throws<OperationCanceledException>(() => new StudyRunner(folder["out"]).Run(plan, null, null, new StudySpeed(), cancellation: stop.Token));
        Assert.Equal(3, new StudyRunner(folder["out"]).CountFinished(plan, null));
    }

    [Fact]
    public void Other_settings_other_rows_and_broken_files_are_run_again()
    {
        using var folder = new TemporaryFolder();
        var runner = new StudyRunner(folder["out"]);
        int Compute(FakeMethod method, int rows = 40)
        {
            runner.Run(StudyFakes.Plan(StudyFakes.Task(rows), Options, method), null, null, new StudySpeed());
            return runner.Computed;
        }
        Assert.Equal(6, Compute(new FakeMethod("a")));
        Assert.Equal(6, Compute(new FakeMethod("a") { Settings = "2" }));
        Assert.Equal(6, Compute(new FakeMethod("a"), rows: 42));
        Assert.Equal(0, Compute(new FakeMethod("a")));
        var files = Directory.GetFiles(Path.Combine(folder["out"], "cells"));
        foreach (var file in files) File.WriteAllText(file, File.ReadAllText(file)[..20]);
        Assert.Equal(6, Compute(new FakeMethod("a")));
    }

    [Fact]
    public void A_cell_that_cannot_be_learned_is_told_and_tried_again()
    {
        using var folder = new TemporaryFolder();
        var method = new FakeMethod("a") { Fails = run => run == 2 };
        var plan = StudyFakes.Plan(StudyFakes.Task(), Options, method);
        var runner = new StudyRunner(folder["out"]);
        var finished = runner.Run(plan, null, null, new StudySpeed());
        Assert.Equal("too few rows", Assert.Single(finished, cell => cell.Result is null).Failure);
        Assert.Contains("too few rows", Assert.Single(StudySummary.Of(plan, finished)[0].Missing));
        runner.Run(plan, null, null, new StudySpeed());
        Assert.Equal((1, 5), (runner.Computed, runner.Found));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_said_before_the_work()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        Assert.Contains("file", Assert.Throws<PolymathException>(() => new StudyRunner(folder["file"]).Check()).Message);
    }
}
