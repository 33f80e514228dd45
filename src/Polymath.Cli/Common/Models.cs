using System.CommandLine;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Cli.Common;

/// <summary>From the words on the command line to a loaded backbone.</summary>
internal static class Models
{
    /// <summary>The word for the model that comes with the command, which is also taken where none is named.</summary>
    public const string Default = "default";

    private const string DefaultName = "polymath-small-en";

    /// <summary>The folder of the model that comes with the command.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "models", DefaultName);

    /// <summary>The folder of a model: itself, the one that comes with the command, or of the cache, downloaded where it is not there yet.</summary>
    /// <exception cref="PolymathException">There is neither a folder nor a model of that name.</exception>
    public static async Task<string> FolderAsync(string model, Streams streams, CancellationToken cancellation)
    {
        if (Directory.Exists(model)) return model;
        if (model == Default)
            return Directory.Exists(DefaultFolder) ? DefaultFolder : throw new PolymathException($"{DefaultFolder}: the model that comes with the command is missing; install it again, or name another with --model");
        if (!ModelCache.IsModelName(model)) throw new PolymathException($"{model}: there is no such folder, and it is no model name of the form org/name; --model {Default} is the encoder that comes with the command");
        using var cache = new ModelCache();
        if (cache.Find(model) is { } known) return known;
        return await Reporting.WithProgressAsync(streams, progress =>
            cache.GetAsync(model, progress: new Relay<DownloadProgress>(p => progress.Report(new WorkProgress($"downloading {p.File}", p.BytesDone, p.BytesTotal))), cancellation: cancellation)).ConfigureAwait(false);
    }

    /// <summary>Loads the backbone that the options name; folder and number format of a learned task stand in where they are left out.</summary>
    public static async Task<Backbone> LoadAsync(ParseResult result, Settings settings, Streams streams, bool withHead, CancellationToken cancellation, string? otherwise = null, string? precision = null)
    {
        settings.ApplyThreads(result);
        // A task that was learned on the command's own model finds it wherever the command is installed now.
        if (otherwise is not null && !Directory.Exists(otherwise) && Path.GetFileName(otherwise) == DefaultName) otherwise = Default;
        var model = result.GetValue(settings.Model) ?? otherwise ?? Default;
        return Backbone.Load(await FolderAsync(model, streams, cancellation).ConfigureAwait(false), new BackboneOptions
        {
            Precision = precision is not null && !result.IsGiven(settings.Precision) ? Settings.PrecisionOf(precision) : Settings.PrecisionOf(result.GetValue(settings.Precision)),
            MaxTokens = result.GetValue(settings.MaxTokens),
            WithHead = withHead,
        });
    }

    /// <summary>Says what happened to rows that were too long.</summary>
    public static void SayCut(Streams streams, FeatureReport report, int maxTokens, bool canSplit = true)
    {
        if (report.CutRows > 0) streams.Error.WriteLine($"{report.CutRows:N0} of {report.Rows:N0} rows were longer than {maxTokens} tokens and were cut{(canSplit ? "; --chunk reads them whole" : "")}");
        if (report.SplitRows > 0) streams.Error.WriteLine($"{report.SplitRows:N0} of {report.Rows:N0} rows were longer than {maxTokens} tokens and were split");
    }

    /// <summary>Says how many rows could not be read.</summary>
    public static void SaySkipped(Streams streams, DataFile file)
    {
        if (Skipped(file) is { } note) streams.Error.WriteLine(note);
    }

    /// <summary>How many rows could not be read, in words; null where there were none.</summary>
    public static string? Skipped(DataFile file) => file.SkippedRows == 0 ? null : $"{file.SkippedRows:N0} bad rows were left out; the first: {file.FirstSkipped}";
}
