using System.Globalization;
using System.Text.Json;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>The one writer of a library, for as long as it holds the lock file open.</summary>
internal sealed class LibraryWriter
{
    private const string LockName = "library.lock";
    private readonly string _library, _generations;
    private readonly Disk _disk;

    private LibraryWriter(string library, Disk disk) => (_library, _generations, _disk) = (library, Path.Combine(library, "generations"), disk);

    /// <summary>Waits for the lock, clears what a stopped writer left, makes the change and returns what it returns.</summary>
    public static T Run<T>(string library, Disk disk, TimeSpan patience, Func<LibraryWriter, T> change)
    {
        try
        {
            Directory.CreateDirectory(library);
            using var held = Acquire(library, patience);
            var writer = new LibraryWriter(library, disk);
            writer.ClearLeftovers();
            return change(writer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{library}: cannot be changed ({Disk.FirstLine(error)}); the library is as it was", error);
        }
    }

    /// <summary>Writes a generation with these tasks, of which the artifacts are new, and moves the pointer to it.</summary>
    public int Commit(SortedDictionary<string, string> tasks, IReadOnlyList<TaskArtifact> artifacts)
    {
        Prepare();
        // Above every folder that is there: one that a stopped writer finished but never pointed to keeps its number.
        var number = LibraryGeneration.Folders(_library).Append(CurrentOrZero()).Max() + 1;
        var temporary = Path.Combine(_generations, $".{number.ToString(CultureInfo.InvariantCulture)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(temporary);
            foreach (var artifact in artifacts) TaskArtifactFolder.WriteInto(artifact, Path.Combine(temporary, "tasks", artifact.Name), _disk);
            if (artifacts.Count > 0) Disk.FlushDirectory(Path.Combine(temporary, "tasks"));
            WriteJson(Path.Combine(temporary, LibraryGeneration.ManifestName), new GenerationManifest(LibraryGeneration.Format, number, tasks), TaskJson.Default.GenerationManifest);
            _disk.Rename(temporary, LibraryGeneration.FolderOf(_library, number));
        }
        catch (Exception error) when (error is not DiskStoppedException)
        {
            TaskArtifactFolder.RemoveQuietly(temporary);
            throw;
        }
        Point(number);
        return number;
    }

    /// <summary>
    /// The pointer is there before the first generation is: generations without a pointer are then always damage, never a stopped first change.
    /// </summary>
    private void Prepare()
    {
        var fresh = !Directory.Exists(_generations);
        if (fresh && !File.Exists(Path.Combine(_library, LibraryGeneration.PointerName))) Point(0);
        Directory.CreateDirectory(_generations);
        if (fresh) Disk.FlushDirectory(_library);
    }

    private void Point(int number) =>
        WriteJson(Path.Combine(_library, LibraryGeneration.PointerName), new LibraryPointer(LibraryGeneration.Format, number), TaskJson.Default.LibraryPointer);

    private void WriteJson<T>(string path, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        _disk.WriteText(path, JsonSerializer.Serialize(value, type) + "\n");

    /// <summary>Where the pointer is damaged (a restore is under way) the folders alone decide the next number.</summary>
    private int CurrentOrZero()
    {
        try
        {
            using var current = LibraryGeneration.OpenCurrent(_library);
            return current.Number;
        }
        catch (PolymathException) { return 0; }
    }

    private void ClearLeftovers()
    {
        foreach (var folder in new[] { _library, _generations }.Where(Directory.Exists))
            foreach (var left in Directory.EnumerateFileSystemEntries(folder, "*.tmp").ToArray()) _disk.Delete(left);
    }

    private static FileStream Acquire(string library, TimeSpan patience)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try { return new FileStream(Path.Combine(library, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
            catch (IOException error) when (IsHeldByAnother(error))
            {
                if (waited.Elapsed >= patience)
                    throw new PolymathException($"{library}: another process is changing the library (waited {patience.TotalSeconds:0.#} s); try again when it is done", error);
                Thread.Sleep(20);
            }
        }
    }

    /// <summary>EWOULDBLOCK on Linux and macOS; sharing or lock violation on Windows.</summary>
    private static bool IsHeldByAnother(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
