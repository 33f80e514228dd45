using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>A finished cell.</summary>
/// <param name="Cell">What was planned.</param>
/// <param name="Result">What the method gave; null where it could not learn from these rows.</param>
/// <param name="Failure">Why not.</param>
public sealed record FinishedCell(PlannedCell Cell, StudyResult? Result, string? Failure);

/// <summary>Runs a plan: cells that an earlier run finished are read, the others are run and kept one by one.</summary>
public sealed class StudyRunner
{
    private readonly Disk _disk;
    private readonly string _folder;

    /// <summary>Makes a runner that keeps its cells in a folder.</summary>
    /// <param name="folder">The output folder; made where there is none.</param>
    /// <param name="disk">The disk, for tests.</param>
    public StudyRunner(string folder, Disk? disk = null) => (_folder, _disk) = (folder, disk ?? Disk.Default);

    /// <summary>Cells that the last run computed.</summary>
    public int Computed { get; private set; }

    /// <summary>Cells that the last run found finished.</summary>
    public int Found { get; private set; }

    /// <summary>Throws where the folder cannot be written to, before any work.</summary>
    /// <exception cref="PolymathException">It cannot.</exception>
    public void Check() => new CellStore(_folder, _disk).Check();

    /// <summary>How many cells of a plan an earlier run finished.</summary>
    public int CountFinished(StudyPlan plan, Backbone? backbone)
    {
        var store = new CellStore(_folder, _disk);
        return plan.Cells.Count(cell => store.Find(CellStore.Key(cell, backbone), cell.Split.Test.Length) is not null);
    }

    /// <summary>Runs what is missing.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="backbone">The backbone, or null.</param>
    /// <param name="features">Where features are kept; null keeps them in memory for the length of the call.</param>
    /// <param name="speed">What was measured on this machine.</param>
    /// <param name="progress">Told of cells, in hundredths of the estimated time.</param>
    /// <param name="cancellation">Stops; finished cells are kept.</param>
    public IReadOnlyList<FinishedCell> Run(StudyPlan plan, Backbone? backbone, FeatureStore? features, StudySpeed speed, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var store = new CellStore(_folder, _disk);
        store.Check();
        (Computed, Found) = (0, 0);
        using var own = features is null && backbone is not null ? FeatureStore.InMemory(new FeatureStoreOptions { MaxBytes = long.MaxValue }) : null;
        features ??= own;
        var finished = new List<FinishedCell>();
        double done = 0, all = Math.Max(1e-9, plan.Cells.Sum(cell => cell.Estimate));
        HashSet<StudyTask> extracted = new(ReferenceEqualityComparer.Instance);
        foreach (var cell in plan.Cells)
        {
            cancellation.ThrowIfCancellationRequested();
            var key = CellStore.Key(cell, backbone);
            if (store.Find(key, cell.Split.Test.Length) is { } known)
            {
                Found++;
                finished.Add(new(cell, known, null));
            }
            else
            {
                if (cell.Method.NeedsBackbone && !cell.Method.TrainsEverything && cell.Task is { Pairs: false, Kind: not TaskKind.TokenClassification } && extracted.Add(cell.Task)) Extract(cell.Task, backbone!, features!, progress, cancellation);
                finished.Add(RunOne(cell, key, store, backbone, features, speed, cancellation));
            }
            done += cell.Estimate;
            progress?.Report(new WorkProgress("study", (long)(100 * done / all), 100));
        }
        return finished;
    }

    private FinishedCell RunOne(PlannedCell cell, string key, CellStore store, Backbone? backbone, FeatureStore? features, StudySpeed speed, CancellationToken cancellation)
    {
        StudyResult result;
        try
        {
            result = cell.Method.Run(new StudyCell(cell.Task, cell.Train, cell.Split.Test, cell.Seed) { Backbone = backbone, Store = features, Speed = speed }, cancellation);
        }
        catch (PolymathException error) { return new(cell, null, error.Message); }
        if (result.Answers.Count != cell.Split.Test.Length) throw new InvalidOperationException($"{cell.Method.Name} gave {result.Answers.Count} answers to {cell.Split.Test.Length} rows");
        store.Keep(key, result);
        Computed++;
        return new(cell, result, null);
    }

    /// <summary>All rows go through the backbone once; every cell reads the store. (Texts of pairs and words are read by the methods themselves.)</summary>
    private static void Extract(StudyTask task, Backbone backbone, FeatureStore store, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var extractor = new FeatureExtractor(backbone, new FeatureOptions { Poolings = [backbone.Sentence.Pooling], Store = store });
        foreach (var _ in extractor.Extract(task.Rows, task.Rows.Count, new Stage(progress, $"features of {task.Name}"), cancellation)) { }
    }

    private sealed class Stage(IProgress<WorkProgress>? progress, string name) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => progress?.Report(value with { Stage = name });
    }
}
