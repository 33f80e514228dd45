using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>What a list of tasks shows of one.</summary>
/// <param name="Name">The task's name.</param>
/// <param name="Artifact">The task without its tensors; null where it cannot be read.</param>
/// <param name="Problem">Why it cannot be read, in one line; null where it can.</param>
public sealed record TaskSummary(string Name, TaskArtifact? Artifact, string? Problem);

/// <summary>What <see cref="TaskLibrary.Prune"/> did.</summary>
/// <param name="Generations">The generations removed.</param>
/// <param name="TaskFolders">The number of task folders removed, those of removed generations included.</param>
/// <param name="InUse">Older generations left because another reader has them open.</param>
public sealed record PruneReport(IReadOnlyList<int> Generations, int TaskFolders, IReadOnlyList<int> InUse);

/// <summary>
/// A folder of tasks. Every change makes a new, immutable generation and then moves the pointer in <c>library.json</c> by a rename, so that
/// a reader sees all of a change or nothing of it, whatever moment a writer stops at. One writer at a time (a lock file held open), any
/// number of readers; a library that is open keeps showing the generation it was opened at, or that its own last change made.
/// Layout: <c>library.json</c>, <c>generations/N/generation.json</c>, <c>generations/N/tasks/NAME/</c>.
/// </summary>
public sealed class TaskLibrary : IDisposable
{
    private readonly Disk _disk;
    private readonly Lock _changing = new();
    private volatile LibraryGeneration _view;

    private TaskLibrary(string folder, Disk? disk, TimeSpan? patience, LibraryGeneration view) =>
        (Folder, _disk, WriterPatience, _view) = (folder, disk ?? Disk.Default, patience ?? TimeSpan.FromSeconds(10), view);

    /// <summary>The library's folder.</summary>
    public string Folder { get; }

    /// <summary>The number of the generation shown; 0 for a library that has never been written.</summary>
    public int Generation => _view.Number;

    /// <summary>How long a change waits for another writer before it gives up.</summary>
    public TimeSpan WriterPatience { get; }

    /// <summary>The tasks by name, each with what its <c>task.json</c> says, or why it cannot be read.</summary>
    public IReadOnlyList<TaskSummary> Tasks
    {
        get
        {
            var view = _view;
            return [.. view.Tasks.Keys.Select(name =>
            {
                try { return new TaskSummary(name, Named(name, TaskArtifactFolder.LoadWithoutTensors(view.FolderOf(name))), null); }
                catch (PolymathException error) { return new TaskSummary(name, null, error.Message); }
            })];
        }
    }

    /// <summary>Opens the library at its current generation. A folder that does not exist yet is an empty library; nothing is written.</summary>
    /// <exception cref="PolymathException">The pointer or the generation is damaged or of a newer format; older generations are named.</exception>
    /// <param name="folder">The library's folder.</param>
    /// <param name="disk">What writes go through.</param>
    /// <param name="writerPatience">How long a change waits for another writer; 10 seconds by default.</param>
    public static TaskLibrary Open(string folder, Disk? disk = null, TimeSpan? writerPatience = null) =>
        new(folder, disk, writerPatience, LibraryGeneration.OpenCurrent(folder));

    /// <summary>Opens an older generation, to look at it or to go back to it with <see cref="Restore"/>, also where <c>library.json</c> is damaged.</summary>
    /// <exception cref="PolymathException">There is no such generation, or it is damaged.</exception>
    public static TaskLibrary OpenGeneration(string folder, int generation, Disk? disk = null) =>
        new(folder, disk, null, LibraryGeneration.Open(folder, generation));

    /// <summary>The generations that are there, in ascending order.</summary>
    public static IReadOnlyList<int> GenerationsIn(string folder) => LibraryGeneration.All(folder);

    /// <summary>Reads a task with its tensors and checks it.</summary>
    /// <exception cref="PolymathException">There is no such task, or it is damaged.</exception>
    public TaskArtifact Load(string name)
    {
        while (true)
        {
            var view = _view;
            try { return Named(name, TaskArtifactFolder.Load(view.FolderOf(name))); }
            // Another thread changed this library meanwhile, and with the old view let go a prune may have taken its folders.
            catch (PolymathException) when (!ReferenceEquals(view, _view)) { }
        }
    }

    /// <summary>Adds tasks, or replaces those of the same name, all in one generation.</summary>
    /// <exception cref="PolymathException">A name or artifact is not valid; another writer is at work; the disk is full or read-only. Nothing is changed then.</exception>
    public void Save(params IReadOnlyList<TaskArtifact> artifacts)
    {
        foreach (var artifact in artifacts) TaskName.Check(artifact.Name);
        Change((writer, current) =>
        {
            var tasks = new SortedDictionary<string, string>(current.LinkedTasks(), StringComparer.Ordinal);
            foreach (var artifact in artifacts)
            {
                if (tasks.Keys.FirstOrDefault(name => name != artifact.Name && name.Equals(artifact.Name, StringComparison.OrdinalIgnoreCase)) is { } similar)
                    throw new PolymathException($"task name '{artifact.Name}': there is a task '{similar}', and some file systems do not tell them apart; choose another name");
                tasks[artifact.Name] = $"tasks/{artifact.Name}";
            }
            return writer.Commit(tasks, artifacts);
        });
    }

    /// <summary>Removes a task. Older generations still hold it until <see cref="Prune"/>.</summary>
    /// <exception cref="PolymathException">There is no such task, or as <see cref="Save"/>.</exception>
    public void Remove(string name)
    {
        if (!Directory.Exists(Folder)) throw new PolymathException($"{Folder}: there is no such library");
        Change((writer, current) =>
        {
            _ = current.FolderOf(name);
            var tasks = current.LinkedTasks();
            tasks.Remove(name);
            return writer.Commit(tasks, []);
        });
    }

    /// <summary>Makes the generation shown the current one again, as a new generation with the same tasks; also repairs a damaged <c>library.json</c>.</summary>
    /// <exception cref="PolymathException">As <see cref="Save"/>.</exception>
    public void Restore()
    {
        var shown = _view;
        lock (_changing) Show(LibraryWriter.Run(Folder, _disk, WriterPatience, writer => LibraryGeneration.Open(Folder, writer.Commit(shown.LinkedTasks(), []))));
    }

    /// <summary>
    /// Removes all but the newest generations up to the current one, and every task folder that none of those kept refers to. Generations
    /// that somebody has open stay, and what they refer to.
    /// </summary>
    /// <param name="keep">How many generations to keep, the current one included.</param>
    /// <exception cref="PolymathException">A generation to be kept is damaged, or as <see cref="Save"/>.</exception>
    public PruneReport Prune(int keep = 1)
    {
        if (keep < 1) throw new PolymathException($"keep {keep}: expected at least the current generation, 1");
        return LibraryWriter.Run(Folder, _disk, WriterPatience, _ =>
        {
            using var current = LibraryGeneration.OpenCurrent(Folder);
            return LibraryPruner.Prune(Folder, current.Number, keep, _disk);
        });
    }

    /// <summary>Lets go of the generation shown, so that it may be pruned.</summary>
    public void Dispose() => _view.Dispose();

    private void Change(Func<LibraryWriter, LibraryGeneration, int> change)
    {
        lock (_changing)
            Show(LibraryWriter.Run(Folder, _disk, WriterPatience, writer =>
            {
                using var current = LibraryGeneration.OpenCurrent(Folder);
                // Opened before the lock is let go: the next writer may prune it otherwise.
                return LibraryGeneration.Open(Folder, change(writer, current));
            }));
    }

    private void Show(LibraryGeneration generation)
    {
        var old = _view;
        _view = generation;
        old.Dispose();
    }

    private static TaskArtifact Named(string name, TaskArtifact artifact) => artifact.Name == name
        ? artifact
        : throw new PolymathException($"task '{name}': its folder holds the task '{artifact.Name}'; go back to an older generation or restore the folder");
}
