using Polymath.Tasks;

namespace Polymath.Cli.Embedded;

/// <summary>A task whose rows are carried inside the command.</summary>
/// <param name="Name">What options call it.</param>
/// <param name="Resource">Its file under <c>data/</c>.</param>
/// <param name="Kind">What it predicts.</param>
/// <param name="Description">What it is about, in a sentence.</param>
internal sealed record EmbeddedTask(string Name, string Resource, TaskKind Kind, string Description)
{
    /// <summary>Opens the file; the caller disposes the stream.</summary>
    public Stream Open() => typeof(EmbeddedTask).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"{Resource} is not embedded in the assembly of the command.");

    /// <summary>Its rows as a data file.</summary>
    public DataFile File(DataOptions options) =>
        DataFile.Open("-", options with { Format = Resource.EndsWith(".csv", StringComparison.Ordinal) ? DataFormat.Csv : DataFormat.Jsonl }, Open());
}

/// <summary>The tasks that come with the command, written by hand for it (see the data cards), so that methods can be compared before any data is at hand.</summary>
internal static class EmbeddedTasks
{
    /// <summary>What stands before the name of an embedded task where a file is expected.</summary>
    public const string Prefix = "embedded:";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EmbeddedTask> All { get; } =
    [
        new("starter", "starter.csv", TaskKind.Classification, "What a message to the support of a small software company is about."),
    ];

    /// <summary>The task of a name, with or without the prefix.</summary>
    /// <exception cref="PolymathException">There is none.</exception>
    public static EmbeddedTask Find(string name)
    {
        var bare = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        return All.FirstOrDefault(task => task.Name == bare)
            ?? throw new PolymathException($"there is no embedded task '{bare}'; there are {string.Join(", ", All.Select(task => task.Name))}");
    }
}
