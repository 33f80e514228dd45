using System.Text.Json.Serialization;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>The backbone a task belongs to.</summary>
/// <param name="Hash">SHA-256 over its tensors and the parts of its configuration that change results, as 64 hexadecimal digits.</param>
/// <param name="ModelType">The <c>model_type</c> of its <c>config.json</c>, such as "bert".</param>
/// <param name="Name">What it was called when the task was made, such as the folder's name; for people only.</param>
/// <param name="Width">The width of its hidden states.</param>
public sealed record BackboneReference(string Hash, string ModelType, string Name, int Width)
{
    /// <summary>Where it was loaded from when the task was made: a folder. A convenience; the hash decides.</summary>
    public string? Source { get; init; }
}

/// <summary>How long texts are split before the backbone reads them.</summary>
/// <param name="Tokens">The length of a piece, special tokens included.</param>
/// <param name="Overlap">How many tokens neighbouring pieces share.</param>
public sealed record ChunkingRecord(int Tokens, int Overlap);

/// <summary>A data file a task was made from.</summary>
/// <param name="Name">Its file name, without folders.</param>
/// <param name="Sha256">The hash of its bytes, or null where it came from a pipe.</param>
/// <param name="Rows">The rows used.</param>
public sealed record DataFileRecord(string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Sha256, int Rows)
{
    /// <summary>Records a data file as it is now.</summary>
    /// <param name="pathOrDash">Its path, or <c>-</c> for standard input, which has no hash.</param>
    /// <param name="rows">The rows used.</param>
    /// <exception cref="PolymathException">The file cannot be read.</exception>
    public static DataFileRecord Of(string pathOrDash, int rows) => pathOrDash == "-"
        ? new DataFileRecord("-", null, rows)
        : new DataFileRecord(Path.GetFileName(pathOrDash), TaskArtifactFolder.Record(pathOrDash).Sha256, rows);
}

/// <summary>How a task was made, so that it can be made again.</summary>
/// <param name="Rows">The number of training rows.</param>
/// <param name="Seed">The seed of everything drawn.</param>
public sealed record TrainingRecord(int Rows, int Seed)
{
    /// <summary>What was chosen, by the caller or by selection, such as "c": "0.1".</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The files the rows came from.</summary>
    public IReadOnlyList<DataFileRecord> Data { get; init; } = [];
}

/// <summary>
/// A trained task as plain values: what it predicts, how its features are made, the backbone it belongs to, how well it does, and the
/// tensors of its head. Kept as one folder: <c>task.json</c> and <c>head.safetensors</c>, both readable from any language.
/// </summary>
public sealed record TaskArtifact
{
    /// <summary>The file of a task's folder that says what it is.</summary>
    public const string FileName = "task.json";

    /// <summary>The version of the format that this library writes, and the newest one it reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The version of the format.</summary>
    public int FormatVersion { get; init; } = CurrentFormat;

    /// <summary>The task's name: letters, digits, '-', '_' and '.'; at most 100 of them.</summary>
    public required string Name { get; init; }

    /// <summary>What it predicts.</summary>
    public required TaskKind Kind { get; init; }

    /// <summary>The way the backbone is adapted, such as "features".</summary>
    public required string Method { get; init; }

    /// <summary>The classes by id; empty for regression and texts.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>The kind of head whose tensors these are, such as "logistic-regression".</summary>
    public required string HeadKind { get; init; }

    /// <summary>The layers that features are made of, such as "mean-top-2".</summary>
    public string? Layers { get; init; }

    /// <summary>How two texts become one vector, such as "siamese"; null where rows are single texts, or pairs of a task older than this field: both in one sequence.</summary>
    public string? PairEncoding { get; init; }

    /// <summary>For several labels a row, the least probability at which each is given, in label order; null stands for one half.</summary>
    public IReadOnlyList<double>? Thresholds { get; init; }

    /// <summary>How tokens become one vector, such as "mean".</summary>
    public string? Pooling { get; init; }

    /// <summary>How long texts are split; null where they are cut.</summary>
    public ChunkingRecord? Chunking { get; init; }

    /// <summary>Text put before every row, such as "query: ".</summary>
    public string? PromptPrefix { get; init; }

    /// <summary>The precision features were computed in, such as "float32".</summary>
    public string? Precision { get; init; }

    /// <summary>The backbone; null for a task that needs none.</summary>
    public BackboneReference? Backbone { get; init; }

    /// <summary>What was measured, such as "test_accuracy".</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>How the words of a tagging task are read; null for other kinds.</summary>
    public Tagging.TaggingRecord? Tagging { get; init; }

    /// <summary>How rows that belong to none of the classes are told; null where they are not.</summary>
    public Scope.OutOfScopeRecord? OutOfScope { get; init; }

    /// <summary>How rows are put to a language model; null for other methods than <c>prompt</c>.</summary>
    public Adaptation.PromptRecord? Prompt { get; init; }

    /// <summary>How rows are put to a language model that writes, and how it writes; null for other kinds than <see cref="TaskKind.Generate"/>.</summary>
    public Adaptation.TextToTextRecord? TextToText { get; init; }

    /// <summary>How the task was made.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>Length and SHA-256 of each file beside <c>task.json</c>; filled in by writing.</summary>
    public IReadOnlyDictionary<string, FileRecord> Files { get; init; } = new Dictionary<string, FileRecord>();

    /// <summary>The most words of a term, where the features are counted terms.</summary>
    public int? TermWords { get; init; }

    /// <summary>The terms that are counted, in the order of the head's inputs, where the features are counted terms; kept in <c>terms.txt</c>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Terms { get; init; } = [];

    /// <summary>The backbone's weights where training changed them; null where the task uses the backbone as it is. Kept in <c>backbone.safetensors</c>.</summary>
    [JsonIgnore]
    internal Adaptation.TunedWeights? Weights { get; init; }

    /// <summary>
    /// The sums that a head of class statistics was made of, in float64, so that rows can be added later; empty for other heads. Kept in
    /// <c>statistics.safetensors</c>.
    /// </summary>
    [JsonIgnore]
    internal IReadOnlyList<(string Name, int[] Shape, double[] Values)> Statistics { get; init; } = [];

    /// <summary>Rows that prompts show, or choose from. Kept in <c>demonstrations.json</c>.</summary>
    [JsonIgnore]
    internal IReadOnlyList<Adaptation.StoredDemonstration> Demonstrations { get; init; } = [];

    /// <summary>The tensors of the head; by name once they were read from a file.</summary>
    [JsonIgnore]
    public IReadOnlyList<NamedArray> Arrays { get; init; } = [];

    /// <summary>A tensor of the head by name.</summary>
    /// <exception cref="PolymathException">There is no such tensor.</exception>
    public NamedArray Array(string name) => Arrays.FirstOrDefault(array => array.Name == name)
        ?? throw new PolymathException($"task '{Name}': there is no tensor '{name}'; tensors found: {string.Join(", ", Arrays.Select(array => OneLine.Short(array.Name)))}");

    /// <summary>Refuses a backbone other than the one the task belongs to.</summary>
    /// <param name="hash">The hash of the backbone at hand.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <exception cref="PolymathException">The hashes differ.</exception>
    public void RequireBackbone(string hash, string name)
    {
        if (Backbone is null || Backbone.Hash.Equals(hash, StringComparison.OrdinalIgnoreCase)) return;
        throw new PolymathException($"task '{Name}' belongs to the backbone {OneLine.Short(Backbone.Name)} ({Short(Backbone.Hash)}), not to {OneLine.Short(name)} ({Short(hash)}); load that one or adapt the task again");
    }

    /// <summary>Writes the task as a new folder of its own, outside any library.</summary>
    /// <exception cref="PolymathException">The folder exists already or cannot be written.</exception>
    public void Save(string folder, Disk? disk = null) => TaskArtifactFolder.Save(this, folder, disk ?? Disk.Default);

    /// <summary>Reads a task's folder and checks it.</summary>
    /// <exception cref="PolymathException">The folder is missing, damaged, altered, or of a newer format.</exception>
    public static TaskArtifact Load(string folder) => TaskArtifactFolder.Load(folder);

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;
}

/// <summary>What a file of a task must be.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">The hash of its bytes, in lower-case hexadecimal digits.</param>
public sealed record FileRecord(long Bytes, string Sha256);
