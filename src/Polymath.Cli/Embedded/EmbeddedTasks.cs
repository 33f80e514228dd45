using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Cli.Embedded;

/// <summary>A task whose rows are carried inside the command.</summary>
/// <param name="Name">What options call it.</param>
/// <param name="File">Its file under <c>data/</c>.</param>
/// <param name="Kind">What it predicts.</param>
/// <param name="Description">What it is about, in a sentence.</param>
internal sealed record EmbeddedTask(string Name, string File, TaskKind Kind, string Description)
{
    /// <summary>Opens the file; the caller disposes the stream.</summary>
    public Stream Open() => typeof(EmbeddedTask).Assembly.GetManifestResourceStream($"data/{File}")
        ?? throw new InvalidOperationException($"data/{File} is not embedded in the assembly of the command.");

    /// <summary>Its rows with their labels as a data file; not for tagging.</summary>
    public DataFile Rows() => DataFile.Open("-", new DataOptions { Format = File.EndsWith(".csv", StringComparison.Ordinal) ? DataFormat.Csv : DataFormat.Jsonl, LabelRequired = true, Kind = Kind }, Open());

    /// <summary>Its sentences, for tagging.</summary>
    public List<TaggedSentence> Sentences() => [.. TaggedFile.Open("-", standardInput: Open()).Sentences()];

    /// <summary>The record of its file.</summary>
    public DataFileRecord Record(int rows)
    {
        using var stream = Open();
        return new DataFileRecord(File, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stream)), rows);
    }
}

/// <summary>The tasks that come with the command, written by hand for it (see the data cards under <c>data/</c>), so that methods can be compared before any data is at hand.</summary>
internal static class EmbeddedTasks
{
    /// <summary>What stands before the name of an embedded task where a file is expected.</summary>
    public const string Prefix = "embedded:";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EmbeddedTask> All { get; } =
    [
        new("intent", "support/intent.csv", TaskKind.Classification, "What the writer of a message to the support of a small software company wants."),
        new("sentiment", "reviews/sentiment.csv", TaskKind.Classification, "Whether a product review is for, against, or between."),
        new("duplicates", "questions/duplicates.csv", TaskKind.Classification, "Whether two questions about software ask the same."),
        new("topics", "reviews/topics.jsonl", TaskKind.MultiLabel, "Everything that a product review speaks about."),
        new("severity", "support/severity.csv", TaskKind.Regression, "How badly a support message's problem hurts, from 0 to 10."),
        new("spans", "support/spans.jsonl", TaskKind.TokenClassification, "Which words of a support message name the product, the part of it, what was expected and what happened."),
    ];

    /// <summary>Whether a file name stands for an embedded task of tagged words.</summary>
    public static bool IsTagging(string path) => path.StartsWith(Prefix, StringComparison.Ordinal) && Find(path).Kind == TaskKind.TokenClassification;

    /// <summary>The task of a name, with or without the prefix.</summary>
    /// <exception cref="PolymathException">There is none.</exception>
    public static EmbeddedTask Find(string name)
    {
        var bare = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        return All.FirstOrDefault(task => task.Name == bare)
            ?? throw new PolymathException($"there is no embedded task '{bare}'; there are {string.Join(", ", All.Select(task => task.Name))}");
    }
}
