using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>Removes generations and task folders that nothing kept refers to. Runs under the writer's lock.</summary>
internal static class LibraryPruner
{
    public static PruneReport Prune(string library, int current, int keep, Disk disk)
    {
        var all = LibraryGeneration.All(library);
        var newest = all.Where(number => number <= current).TakeLast(keep).ToHashSet();
        int[] inUse = [.. all.Where(number => !newest.Contains(number) && IsOpen(library, number))];
        var kept = newest.Concat(inUse).ToHashSet();
        var needed = kept.SelectMany(number => LibraryGeneration.Manifest(library, number).Tasks.Values
            .Select(folder => Path.GetFullPath(Path.Combine(LibraryGeneration.FolderOf(library, number), folder)))).ToHashSet(StringComparer.Ordinal);
        var folders = 0;
        foreach (var number in LibraryGeneration.Folders(library))
            if (!kept.Contains(number)) folders += RemoveGeneration(library, number, needed, disk);
            else folders += RemoveTasks(LibraryGeneration.FolderOf(library, number), needed, disk);
        return new PruneReport([.. all.Where(number => !kept.Contains(number))], folders, inUse);
    }

    private static int RemoveGeneration(string library, int number, HashSet<string> needed, Disk disk)
    {
        var folder = LibraryGeneration.FolderOf(library, number);
        // Without its manifest it is no generation any more, however far the rest gets.
        var manifest = Path.Combine(folder, LibraryGeneration.ManifestName);
        if (File.Exists(manifest)) disk.Delete(manifest);
        var removed = RemoveTasks(folder, needed, disk);
        if (!needed.Any(path => path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))) RemoveFolder(folder, disk);
        return removed;
    }

    private static int RemoveTasks(string generation, HashSet<string> needed, Disk disk)
    {
        var tasks = Path.Combine(generation, "tasks");
        if (!Directory.Exists(tasks)) return 0;
        string[] unneeded = [.. Directory.EnumerateDirectories(tasks).Where(task => !needed.Contains(Path.GetFullPath(task)))];
        foreach (var task in unneeded) RemoveFolder(task, disk, Path.GetDirectoryName(generation)!);
        return unneeded.Length;
    }

    /// <summary>A folder goes out of sight in one step and only then, file by file, off the disk.</summary>
    private static void RemoveFolder(string folder, Disk disk, string? aside = null)
    {
        var temporary = Path.Combine(aside ?? Path.GetDirectoryName(folder)!, $".{Path.GetFileName(folder)}.{Guid.NewGuid():N}.tmp");
        disk.Rename(folder, temporary);
        disk.Delete(temporary);
    }

    /// <summary>Readers hold a shared lock on the manifest of what they show.</summary>
    private static bool IsOpen(string library, int number)
    {
        try
        {
            using var manifest = new FileStream(Path.Combine(LibraryGeneration.FolderOf(library, number), LibraryGeneration.ManifestName), FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (FileNotFoundException) { return false; }
        catch (IOException) { return true; }
    }
}
