using System.Security.Cryptography;
using System.Text.Json;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>A task's folder: writing, reading, and what must hold of one that is read.</summary>
internal static class TaskArtifactFolder
{
    private const string Json = TaskArtifact.FileName;
    private const string Head = "head.safetensors";
    private const string Terms = "terms.txt";
    private const string Weights = "backbone.safetensors";
    private const string Statistics = "statistics.safetensors";
    private const string Demonstrations = "demonstrations.json";

    /// <summary>Writes into a temporary folder beside the final one and renames it.</summary>
    public static void Save(TaskArtifact artifact, string folder, Disk disk) => disk.WriteFolder(folder, temporary => WriteInto(artifact, temporary, disk));

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
        if (artifact.Statistics.Count > 0)
        {
            HeadTensors.WriteStatistics(Path.Combine(folder, Statistics), artifact.Statistics, disk);
            files.Add(Statistics, Record(Path.Combine(folder, Statistics)));
        }
        if (artifact.Demonstrations.Count > 0)
        {
            disk.WriteText(Path.Combine(folder, Demonstrations), JsonSerializer.Serialize(artifact.Demonstrations, TaskJson.Default.IReadOnlyListStoredDemonstration) + "\n");
            files.Add(Demonstrations, Record(Path.Combine(folder, Demonstrations)));
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
        if (artifact.Files.ContainsKey(Statistics)) artifact = artifact with { Statistics = HeadTensors.ReadStatistics(Path.Combine(folder, Statistics)) };
        if (artifact.Files.ContainsKey(Demonstrations)) artifact = artifact with { Demonstrations = ReadDemonstrations(Path.Combine(folder, Demonstrations), artifact.Labels) };
        return artifact;
    }

    private static IReadOnlyList<Adaptation.StoredDemonstration> ReadDemonstrations(string path, IReadOnlyList<string> labels)
    {
        try
        {
            var rows = JsonSerializer.Deserialize(File.ReadAllText(path), TaskJson.Default.IReadOnlyListStoredDemonstration) ?? throw TaskJson.Damaged(path, "it is null");
            return rows.FirstOrDefault(row => !labels.Contains(row.Label)) is { } stray ? throw TaskJson.Damaged(path, $"'{OneLine.Short(stray.Label)}' is no label of the task") : rows;
        }
        catch (JsonException error) { throw TaskJson.Damaged(path, $"line {error.LineNumber + 1}", error); }
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
        { Kind: not (TaskKind.Regression or TaskKind.Generate), Labels.Count: 0 } => "there are no labels",
        { Kind: TaskKind.Generate, TextToText: not { InputTokens: > 0, MaxNewTokens: > 0, Beams: > 0 } } => "nothing sound says how its texts are read and written",
        { Thresholds: { } thresholds } when artifact.Kind != TaskKind.MultiLabel || thresholds.Count != artifact.Labels.Count || !thresholds.All(t => t is >= 0 and <= 1)
            => $"{thresholds.Count} thresholds for the {artifact.Labels.Count} labels of a {artifact.Kind.Name()} task, each from 0 to 1",
        { Backbone: { } backbone } when backbone.Width < 1 => $"the backbone has width {backbone.Width}",
        { Backbone: { } backbone } when backbone.Hash.Length != 64 || !backbone.Hash.All(char.IsAsciiHexDigit) => "the backbone's hash is not 64 hexadecimal digits",
        { Chunking: { } chunks } when chunks.Tokens < 1 || chunks.Overlap < 0 || chunks.Overlap >= chunks.Tokens => $"pieces of {chunks.Tokens} tokens cannot overlap by {chunks.Overlap}",
        { Method: LearnedTask.PromptMethod, Prompt: null } => "the method is prompt and there is none",
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
