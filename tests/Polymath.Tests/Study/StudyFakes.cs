using Polymath.Evaluation;
using Polymath.Study;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Tasks and methods that cost nothing, for tests of the study itself.</summary>
internal static class StudyFakes
{
    /// <summary>A task of so many rows, classes taking turns.</summary>
    public static StudyTask Task(int rows = 40, int classes = 2, string name = "fake") =>
        StudyTask.Of(name, LabelledRows.From(Rows(rows, classes)));

    /// <summary>Rows whose classes take turns, in groups of so many; 0 for none.</summary>
    public static IEnumerable<Row> Rows(int rows, int classes = 2, int grouped = 0) =>
        Enumerable.Range(0, rows).Select(r => new Row($"text {r} {r * r % 7}") { Label = $"class{r % classes}", Line = r + 2, Group = grouped == 0 ? null : $"{r / grouped}" });

    /// <summary>A plan of methods over one task.</summary>
    public static StudyPlan Plan(StudyTask task, StudyOptions? options = null, params IStudyMethod[] methods) =>
        StudyPlan.Make([task], methods, null, new StudySpeed(), options ?? new StudyOptions { Sizes = [StudySize.All] });

    /// <summary>Runs methods over one task and sums up.</summary>
    public static StudySummary Summarize(StudyTask task, params IStudyMethod[] methods)
    {
        using var folder = new TemporaryFolder();
        var plan = Plan(task, null, methods);
        return StudySummary.Of(plan, new StudyRunner(folder.Path).Run(plan, null, null, new StudySpeed()))[0];
    }
}

/// <summary>A method that is right on a share of the rows, counts how often it ran, and costs what it is told.</summary>
internal sealed class FakeMethod(string name, double right = 1, double estimate = 1, bool everything = false, bool backbone = false) : IStudyMethod
{
    public int Runs { get; private set; }
    public string Name => name;
    public string Title => name;
    public string Description => "for tests";
    public string Settings { get; init; } = "1";
    public bool NeedsBackbone => backbone;
    public bool TrainsEverything => everything;
    public bool ForFewRows { get; init; }
    public Func<StudyCell, RowAnswer[]>? Answers { get; init; }
    public Func<int, bool> Fails { get; init; } = _ => false;
    public bool Supports(StudyTask task, int rows) => true;
    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) => estimate;

    public StudyResult Run(StudyCell cell, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Runs++;
        if (Fails(Runs)) throw new PolymathException("too few rows");
        return new StudyResult
        {
            Answers = Answers?.Invoke(cell) ?? [.. cell.Test.Select(row =>
            {
                var (truth, hit) = (cell.Task.Truth[row].Ids[0], new SeededRandom((ulong)row).NextDouble() < right);
                return RowAnswer.OfClass(hit ? truth : (truth + 1) % cell.Task.Labels.Count, 0.9);
            })],
            Parameters = 10,
            Bytes = 40,
            TrainSeconds = estimate,
            PredictSeconds = 0.001,
        };
    }
}
