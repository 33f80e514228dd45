using System.CommandLine;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Cli.Common;

/// <summary>Options that several verbs have, each defined once.</summary>
internal sealed class Settings
{
    public Option<string?> Model { get; } = new("--model", "-m") { Description = "Hugging Face folder, org/name to take from the local cache (downloaded once), or default: the small English encoder that comes with the command" };
    public Option<string> Library { get; } = new("--library") { Description = "Folder of learned tasks", DefaultValueFactory = _ => "library" };
    public Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON" };
    public Option<int> Seed { get; } = new("--seed") { Description = "Decides splits, folds and samples", DefaultValueFactory = _ => 0 };
    public Option<int?> Threads { get; } = new Option<int?>("--threads") { Description = "Threads of one operation (default: all cores)" }.AtLeast(1);
    public Option<bool> Dedicated { get; } = new("--dedicated") { Description = "The machine is yours: waiting threads spin (faster alone, slower on shared cores)" };
    public Option<string> Precision { get; } = new Option<string>("--precision") { Description = "Number format of the forward pass", DefaultValueFactory = _ => "float32" }.AcceptOnlyFromAmong("float32", "bf16", "auto");
    public Option<string> Device { get; } = new Option<string>("--device") { Description = "Where to compute", DefaultValueFactory = _ => "cpu" }.AcceptOnlyFromAmong("cpu");
    public Option<string?> Store { get; } = new("--store") { Description = "File of computed features (default: in the user's cache folder)" };
    public Option<bool> NoStore { get; } = new("--no-store") { Description = "Compute features anew and keep none" };
    public Option<long> StoreBytes { get; } = new Option<long>("--store-bytes") { Description = "Size bound of the feature file; the oldest unused go first", DefaultValueFactory = _ => 4L << 30 }.AtLeast(1);
    public Option<int?> MaxTokens { get; } = new Option<int?>("--max-tokens") { Description = "Cut rows at this many tokens (default: the model's own limit)" }.AtLeast(1);
    public Option<bool> Chunk { get; } = new("--chunk") { Description = "Split rows beyond the token limit and pool the pieces, instead of cutting them" };
    public Option<string?> Prompt { get; } = new("--prompt") { Description = "Name of a prompt of the model to put before each text, such as query" };

    public Option<string?> TextColumn { get; } = new("--text-column") { Description = "Column with the text (default: found by its name)" };
    public Option<string?> PairColumn { get; } = new("--pair-column") { Description = "Column with the second text of a pair" };
    public Option<string?> LabelColumn { get; } = new("--label-column") { Description = "Column with the label (default: found by its name)" };
    public Option<string?> Format { get; } = new Option<string?>("--format") { Description = "Format of the data (default: by the file's name)" }.AcceptOnlyFromAmong("csv", "tsv", "jsonl", "parquet", "lines");
    public Option<string?> Delimiter { get; } = new("--delimiter") { Description = "Character between columns of a CSV file, or tab" };
    public Option<bool> SkipBadRows { get; } = new("--skip-bad-rows") { Description = "Leave out rows that cannot be read, and count them" };

    /// <summary>Adds the options about the backbone and how it runs.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="reading">Whether the caller decides how texts are read; a learned task has decided that already.</param>
    public void AddBackboneOptions(Command command, bool reading = true)
    {
        command.Takes(Model, Precision, Device, Threads, Dedicated, MaxTokens, Store, NoStore, StoreBytes);
        if (reading) command.Takes(Chunk, Prompt);
    }

    /// <summary>Adds the options about data files.</summary>
    public void AddDataOptions(Command command)
    {
        command.Takes(TextColumn, PairColumn, LabelColumn, Format, Delimiter, SkipBadRows);
    }

    /// <summary>Sets the number of threads and how they wait; before the first use of torch.</summary>
    public void ApplyThreads(ParseResult result)
    {
        if (result.GetValue(Dedicated)) ThreadSettings.SetDedicated(true);
        if (result.GetValue(Threads) is { } threads) ThreadSettings.Threads = threads;
    }

    /// <summary>How data files are read.</summary>
    public DataOptions DataOptions(ParseResult result, bool labels, bool keepColumns = false) => new()
    {
        Format = result.GetValue(Format) is { } format ? Enum.Parse<DataFormat>(format, ignoreCase: true) : null,
        TextColumn = result.GetValue(TextColumn),
        PairColumn = result.GetValue(PairColumn),
        LabelColumn = result.GetValue(LabelColumn),
        Delimiter = result.GetValue(Delimiter) switch
        {
            null => null,
            "tab" or "\\t" => '\t',
            [var one] when one is not ('"' or '\r' or '\n') => one,
            var other => throw new PolymathException($"--delimiter '{other}': expected one character that is no quote, or tab"),
        },
        SkipBadRows = result.GetValue(SkipBadRows),
        LabelRequired = labels,
        KeepColumns = keepColumns,
    };

    /// <summary>The feature store that was asked for; null for none.</summary>
    public FeatureStore? OpenStore(ParseResult result)
    {
        if (result.GetValue(NoStore)) return null;
        var path = result.GetValue(Store) ?? Path.Combine(CacheFolder.Default, "features.db");
        return FeatureStore.Open(path, new FeatureStoreOptions { MaxBytes = result.GetValue(StoreBytes) });
    }

    /// <summary>The number format that was asked for.</summary>
    public static Precision PrecisionOf(string? name) => name switch { "bf16" => Native.Precision.BFloat16, "auto" => Native.Precision.Auto, _ => Native.Precision.Float32 };
}
