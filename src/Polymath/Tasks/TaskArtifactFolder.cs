using System.Security.Cryptography;
using System.Text.Json;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>A task's folder: writing, reading, and what must hold of one that is read.</summary>
internal static class TaskArtifactFolder
{
    private const string Json = "task.json";
    private const string Head = "head.safetensors";
    private const string Terms = "terms.txt";
    private const string Weights = "backbone.safetensors";

    /// <summary>Writes into a temporary folder beside the final one and renames it.</summary>
    public static void Save(TaskArtifact artifact, string folder, Disk disk)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Path.Exists(full)) throw new PolymathException($"{folder}: exists already; expected a new folder");
        var temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            WriteInto(artifact, temporary, disk);
            disk.Rename(temporary, full);
        }
        catch (Exception error) when (error is not DiskStoppedException)
        {
            RemoveQuietly(temporary);
            if (error is IOException or UnauthorizedAccessException)
                throw new PolymathException($"{folder}: cannot be written ({Disk.FirstLine(error)}); nothing was changed", error);
            throw;
        }
    }

    /// <summary>Writes the files into a folder that nobody reads yet.</summary>
    public static void WriteInto(TaskArtifact artifact, string folder, Disk disk)
    {
        if (Problem(artifact) is { } problem) throw new PolymathException($"task '{artifact.Name}' cannot be saved: {problem}");
        Directory.CreateDirectory(folder);
        var files = new Dictionary<string, FileRecord>();
        if (artifact.Arrays.Count > 0)
        {
            HeadTensors.Write(Path.Combine(folder, Head), artifact.Arrays, disk);
            files.Add(Head, Record(Path.Combine(folder, Head)));
        }
        if (artifact.Terms.Count > 0)
        {
            disk.WriteText(Path.Combine(folder, Terms), string.Join('\n', artifact.Terms));
            files.Add(Terms, Record(Path.Combine(folder, Terms)));
        }
        if (artifact.Weights is not null)
        {
            artifact.Weights.Write(Path.Combine(folder, Weights), disk);
            files.Add(Weights, Record(Path.Combine(folder, Weights)));
        }
        var text = JsonSerializer.Serialize(artifact with { FormatVersion = TaskArtifact.CurrentFormat, Files = files }, TaskJson.Default.TaskArtifact);
        disk.WriteText(Path.Combine(folder, Json), text + "\n");
    }

    public static TaskArtifact Load(string folder)
    {
        var artifact = LoadWithoutTensors(folder);
        foreach (var (file, expected) in artifact.Files)
        {
            var path = Path.Combine(folder, TaskName.IsValid(file) ? file : throw TaskJson.Damaged(Path.Combine(folder, Json), $"'{OneLine.Short(file)}' is no file name"));
            if (!File.Exists(path)) throw new PolymathException($"{path}: is missing; go back to an older generation or restore the file");
            if (Record(path) != expected) throw new PolymathException($"{path}: differs from what {Json} says of it (length or SHA-256); go back to an older generation or restore the file");
        }
        if (artifact.Files.ContainsKey(Head)) artifact = artifact with { Arrays = HeadTensors.Read(Path.Combine(folder, Head)) };
        if (artifact.Files.ContainsKey(Terms)) artifact = artifact with { Terms = File.ReadAllText(Path.Combine(folder, Terms)).Split('\n') };
        if (artifact.Files.ContainsKey(Weights)) artifact = artifact with { Weights = Adaptation.TunedWeights.OfFile(Path.Combine(folder, Weights)) };
        return artifact;
    }

    /// <summary>Reads and checks <c>task.json</c> alone.</summary>
    public static TaskArtifact LoadWithoutTensors(string folder)
    {
        var path = Path.Combine(folder, Json);
        if (!File.Exists(path)) throw new PolymathException($"{folder}: there is no {Json}; expected the folder of a task");
        var artifact = TaskJson.Read(path, TaskArtifact.CurrentFormat, TaskJson.Default.TaskArtifact);
        return Problem(artifact) is { } problem ? throw TaskJson.Damaged(path, problem) : artifact;
    }

    public static void RemoveQuietly(string folder)
    {
        try { Directory.Delete(folder, recursive: true); } catch (IOException) { } catch (UnauthorizedAccessException) { }
    }

    private static string? Problem(TaskArtifact artifact) => artifact switch
    {
        _ when !TaskName.IsValid(artifact.Name) => $"'{OneLine.Short(artifact.Name)}' is no name for a task; {TaskName.Rule}",
        { Method.Length: 0 } => "no method is named",
        { HeadKind.Length: 0 } => "no head is named",
        _ when artifact.Labels.Any(string.IsNullOrWhiteSpace) => "a label is empty",
        _ when artifact.Labels.Distinct(StringComparer.Ordinal).Count() < artifact.Labels.Count => "a label is given twice",
        { Kind: not TaskKind.Regression, Labels.Count: 0 } => "there are no labels",
        { Thresholds: { } thresholds } when artifact.Kind != TaskKind.MultiLabel || thresholds.Count != artifact.Labels.Count || !thresholds.All(t => t is >= 0 and <= 1)
            => $"{thresholds.Count} thresholds for the {artifact.Labels.Count} labels of a {artifact.Kind.Name()} task, each from 0 to 1",
        { Backbone: { } backbone } when backbone.Width < 1 => $"the backbone has width {backbone.Width}",
        { Backbone: { } backbone } when backbone.Hash.Length != 64 || !backbone.Hash.All(char.IsAsciiHexDigit) => "the backbone's hash is not 64 hexadecimal digits",
        { Chunking: { } chunks } when chunks.Tokens < 1 || chunks.Overlap < 0 || chunks.Overlap >= chunks.Tokens => $"pieces of {chunks.Tokens} tokens cannot overlap by {chunks.Overlap}",
        { Training: { Rows: < 0 } } => "a negative number of rows",
        _ => null,
    };

    /// <summary>Length and hash of a file.</summary>
    public static FileRecord Record(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return new FileRecord(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be read ({Disk.FirstLine(error)})", error);
        }
    }
}
