using Polymath.Study.Methods;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>What a study covers.</summary>
public sealed record StudyOptions
{
    /// <summary>Training sizes; empty takes 8 and 32 of each class (a quarter of the rows where there are no classes) and all.</summary>
    public IReadOnlyList<StudySize> Sizes { get; init; } = [];

    /// <summary>How many seeds; each parts the rows anew.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Folds of the cross-validation.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Whether methods that train everything run on every fold and seed, and at every size.</summary>
    public bool Full { get; init; }

    /// <summary>Whether every layer of the backbone is probed.</summary>
    public bool Probes { get; init; } = true;

    /// <summary>Methods that train everything are left out of tasks where the whole would take longer than this; null for no bound.</summary>
    public TimeSpan? Budget { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>One cell of the plan.</summary>
/// <param name="Task">The task.</param>
/// <param name="Method">The method, or the probe of a layer.</param>
/// <param name="Size">How many training rows.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Split">The split that the rows are of.</param>
/// <param name="Train">Row numbers to learn from.</param>
/// <param name="Estimate">Seconds it will take, features apart.</param>
public sealed record PlannedCell(StudyTask Task, IStudyMethod Method, StudySize Size, int Seed, StudySplit Split, int[] Train, double Estimate)
{
    /// <summary>Whether it probes a layer instead of comparing a method.</summary>
    public bool IsProbe => Method is FeaturesMethod { Layer: not null };
}

/// <summary>A method that the plan leaves out of a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Method">The method.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record LeftOut(StudyTask Task, IStudyMethod Method, string Reason);

/// <summary>Everything that a study will run, decided before anything runs.</summary>
/// <param name="Tasks">The tasks.</param>
/// <param name="Methods">The methods, simplest first.</param>
/// <param name="Cells">All cells in the order in which they run.</param>
/// <param name="LeftOut">What is not run, and why.</param>
/// <param name="FeatureSeconds">Seconds for the features of all rows, which all cells share.</param>
public sealed record StudyPlan(IReadOnlyList<StudyTask> Tasks, IReadOnlyList<IStudyMethod> Methods, IReadOnlyList<PlannedCell> Cells, IReadOnlyList<LeftOut> LeftOut, double FeatureSeconds)
{
    /// <summary>Seconds for everything.</summary>
    public double Seconds => FeatureSeconds + Cells.Sum(cell => cell.Estimate);

    /// <summary>Makes the plan.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="methods">The methods, simplest first; those that need a backbone are left out where there is none.</param>
    /// <param name="backbone">The backbone, or null.</param>
    /// <param name="speed">What was measured on this machine.</param>
    /// <param name="options">What to cover.</param>
    public static StudyPlan Make(IReadOnlyList<StudyTask> tasks, IReadOnlyList<IStudyMethod> methods, Backbone? backbone, StudySpeed speed, StudyOptions options)
    {
        var cells = new List<PlannedCell>();
        var left = new List<LeftOut>();
        foreach (var task in tasks)
        {
            var splits = Enumerable.Range(0, options.Seeds).Select(seed => StudySplits.Make(task, options.Folds, seed)).ToArray();
            foreach (var method in methods)
                if (method.NeedsBackbone && backbone is null) left.Add(new(task, method, "reads a model, and none was given"));
                else if (method.Supports(task, splits[0][0].Train.Length)) cells.AddRange(CellsOf(task, method, splits, options, speed));
            if (options.Probes && backbone is not null && methods.Any(method => method is FeaturesMethod))
                for (var layer = 0; layer <= backbone.Config.Layers; layer++)
                    cells.AddRange(CellsOf(task, new FeaturesMethod(layer), [Probed(task, splits[0], options)], options with { Sizes = [StudySize.All] }, speed));
        }
        var features = cells.Where(cell => cell.Method.NeedsBackbone && !cell.Method.TrainsEverything).Select(cell => cell.Task).Distinct().Sum(task => speed.SecondsPerRow(task) * task.Rows.Count);
        Fit(cells, left, features, options.Budget);
        return new StudyPlan(tasks, methods, cells, left, features);
    }

    /// <summary>Folds that layers are probed on: few are enough to see where the answer lies.</summary>
    private static StudySplit[] Probed(StudyTask task, StudySplit[] splits, StudyOptions options) =>
        [.. splits.Take(options.Full ? splits.Length : task.Kind == TaskKind.TokenClassification ? 1 : 2)];

    /// <summary>The sizes of a task: those asked for, or the usual ones.</summary>
    internal static IReadOnlyList<StudySize> SizesOf(StudyTask task, StudyOptions options)
    {
        if (options.Sizes.Count > 0) return options.Sizes;
        return task.Kind == TaskKind.Classification ? [new(8, 0), new(32, 0), StudySize.All] : [new(0, 0.25), StudySize.All];
    }

    private static IEnumerable<PlannedCell> CellsOf(StudyTask task, IStudyMethod method, StudySplit[][] splits, StudyOptions options, StudySpeed speed)
    {
        var once = method.IsCostly && !options.Full;
        var largest = splits[0][0].Train.Length;
        StudySize[] sizes = [.. SizesOf(task, options).Where(size => size.IsAll || options.Sizes.Count > 0 || size.Take(task, splits[0][0].Train, 0).Length <= 0.8 * largest)
            .OrderBy(size => size.Take(task, splits[0][0].Train, 0).Length)];
        foreach (var size in once ? method.ForFewRows ? sizes[..1] : sizes[^1..] : sizes)
            for (var seed = 0; seed < (once ? 1 : splits.Length); seed++)
                foreach (var split in splits[seed].Take(once ? 1 : int.MaxValue))
                {
                    var train = size.Take(task, split.Train, seed);
                    if (method.Supports(task, train.Length)) yield return new(task, method, size, seed, split, train, method.Estimate(task, train.Length, split.Test.Length, speed));
                }
    }

    /// <summary>Takes out the costliest pairs of task and whole-network method until the rest fits the time.</summary>
    private static void Fit(List<PlannedCell> cells, List<LeftOut> left, double features, TimeSpan? budget)
    {
        if (budget is not { } limit) return;
        while (features + cells.Sum(cell => cell.Estimate) > limit.TotalSeconds)
        {
            var costliest = cells.Where(cell => cell.Method.IsCostly).GroupBy(cell => (cell.Task, cell.Method)).MaxBy(pair => pair.Sum(cell => cell.Estimate));
            if (costliest is null) return;
            left.Add(new(costliest.Key.Task, costliest.Key.Method, $"would take about {StudyTexts.Duration(costliest.Sum(cell => cell.Estimate))}; name it with --methods, or use --full"));
            foreach (var cell in costliest.ToArray()) cells.Remove(cell);
        }
    }
}
