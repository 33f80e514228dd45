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
        int[] removed = [.. all.Where(number => !kept.Contains(number))];
        // All manifests go before the first task does: generations refer to each other's tasks, and one that is listed must load.
        foreach (var number in removed) RemoveManifest(LibraryGeneration.FolderOf(library, number), disk);
        var folders = 0;
        foreach (var number in LibraryGeneration.Folders(library))
            if (!kept.Contains(number)) folders += RemoveGeneration(library, number, needed, disk);
            else folders += RemoveTasks(LibraryGeneration.FolderOf(library, number), needed, disk);
        return new PruneReport(removed, folders, inUse);
    }

    private static void RemoveManifest(string folder, Disk disk)
    {
        disk.Delete(Path.Combine(folder, LibraryGeneration.ManifestName));
        Disk.FlushDirectory(folder);
    }

    private static int RemoveGeneration(string library, int number, HashSet<string> needed, Disk disk)
    {
        var folder = LibraryGeneration.FolderOf(library, number);
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
