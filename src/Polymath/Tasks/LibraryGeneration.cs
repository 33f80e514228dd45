using System.Globalization;
using System.Text.RegularExpressions;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>
/// One generation as a reader has it: its manifest, held open with a shared lock, by which a prune sees that it is in use.
/// </summary>
internal sealed partial class LibraryGeneration : IDisposable
{
    public const string ManifestName = "generation.json";
    public const string PointerName = "library.json";
    public const int Format = 1;
    private readonly string _library;
    private readonly FileStream? _lease;

    private LibraryGeneration(string library, int number, SortedDictionary<string, string> tasks, FileStream? lease) =>
        (_library, Number, Tasks, _lease) = (library, number, tasks, lease);

    /// <summary>The generation's number; 0 is the empty library before its first change.</summary>
    public int Number { get; }

    /// <summary>For every task the folder that holds it, relative to the generation's own.</summary>
    public SortedDictionary<string, string> Tasks { get; }

    public static string FolderOf(string library, int number) => Path.Combine(library, "generations", number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Follows the pointer.</summary>
    public static LibraryGeneration OpenCurrent(string library)
    {
        // Between reading the pointer and opening what it names, a writer may move on and prune; then the pointer has changed too.
        for (int last = -1, number; ; last = number)
        {
            number = Pointer(library);
            if (number == 0) return new LibraryGeneration(library, 0, new(StringComparer.Ordinal), null);
            if (number == last || File.Exists(Path.Combine(FolderOf(library, number), ManifestName)))
            {
                try { return Open(library, number); }
                catch (PolymathException) when (Pointer(library) != number) { }
            }
        }
    }

    /// <summary>Opens a generation by its number.</summary>
    public static LibraryGeneration Open(string library, int number)
    {
        var path = Path.Combine(FolderOf(library, number), ManifestName);
        FileStream? lease = null;
        try
        {
            if (!File.Exists(path)) throw new PolymathException($"{library}: there is no generation {number}; {Others(library)}");
            lease = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return new LibraryGeneration(library, number, Manifest(library, number).Tasks, lease);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be opened ({Disk.FirstLine(error)})", error);
        }
        catch
        {
            lease?.Dispose();
            throw;
        }
    }

    /// <summary>Reads and checks a manifest.</summary>
    public static GenerationManifest Manifest(string library, int number)
    {
        var path = Path.Combine(FolderOf(library, number), ManifestName);
        var manifest = TaskJson.Read(path, Format, TaskJson.Default.GenerationManifest);
        if (manifest.Generation != number) throw TaskJson.Damaged(path, $"it says generation {manifest.Generation}");
        foreach (var (name, folder) in manifest.Tasks)
            if (!TaskName.IsValid(name) || !FolderPattern().IsMatch(folder) || !folder.EndsWith($"tasks/{name}", StringComparison.Ordinal))
                throw TaskJson.Damaged(path, $"task '{OneLine.Short(name)}' in folder '{OneLine.Short(folder)}'");
        return manifest;
    }

    /// <summary>The generations that have a manifest, in ascending order.</summary>
    public static IReadOnlyList<int> All(string library) => [.. Folders(library).Where(number => File.Exists(Path.Combine(FolderOf(library, number), ManifestName)))];

    /// <summary>The numbered folders, with or without a manifest, in ascending order.</summary>
    public static IReadOnlyList<int> Folders(string library)
    {
        var root = Path.Combine(library, "generations");
        if (!Directory.Exists(root)) return [];
        return [.. Directory.EnumerateDirectories(root).Select(Path.GetFileName)
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).Where(number => number > 0).Order()];
    }

    /// <summary>The full path of a task's folder.</summary>
    public string FolderOf(string name) => Tasks.TryGetValue(name, out var folder)
        ? Path.GetFullPath(Path.Combine(FolderOf(_library, Number), folder))
        : throw new PolymathException($"{_library}: there is no task '{OneLine.Short(name)}'; {(Tasks.Count == 0 ? "the library is empty" : $"tasks found: {string.Join(", ", Tasks.Keys)}")}");

    /// <summary>The tasks as a later generation refers to them.</summary>
    public SortedDictionary<string, string> LinkedTasks() => new(Tasks.ToDictionary(
        task => task.Key, task => task.Value.StartsWith("../", StringComparison.Ordinal) ? task.Value : $"../{Number}/{task.Value}"), StringComparer.Ordinal);

    public void Dispose() => _lease?.Dispose();

    private static int Pointer(string library)
    {
        var path = Path.Combine(library, PointerName);
        if (File.Exists(library)) throw new PolymathException($"{library}: is a file; expected the folder of a task library");
        var generations = All(library);
        try
        {
            if (!File.Exists(path)) return generations.Count == 0 ? 0 : throw new PolymathException($"{path}: is missing");
            var pointer = TaskJson.Read(path, Format, TaskJson.Default.LibraryPointer);
            return pointer.Generation >= 0 ? pointer.Generation : throw TaskJson.Damaged(path, $"generation {pointer.Generation}");
        }
        catch (PolymathException error) { throw new PolymathException($"{error.Message}; {Others(library)}", error); }
    }

    private static string Others(string library) => All(library) is { Count: > 0 } all
        ? $"generations found: {string.Join(", ", all.TakeLast(20))}"
        : "no generations are there";

    [GeneratedRegex(@"^(\.\./[1-9][0-9]{0,9}/)?tasks/[A-Za-z0-9._-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex FolderPattern();
}
