using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Generation;

namespace Polymath.Cli.Common;

/// <summary>A language model that the command line names, loaded, with the encoder that chooses its demonstrations.</summary>
internal sealed class LanguageModels : IDisposable
{
    private readonly LanguageModel _model;

    private LanguageModels(LanguageModel model, PromptModel prompts, Backbone? encoder) => (_model, Prompts, Encoder) = (model, prompts, encoder);

    /// <summary>The model as a black box.</summary>
    public PromptModel Prompts { get; }

    /// <summary>The encoder; null where none was wanted.</summary>
    public Backbone? Encoder { get; }

    /// <summary>Loads a model, and an encoder where one is wanted.</summary>
    /// <param name="model">A GGUF file, a folder, or org/name.</param>
    /// <param name="encoder">A folder, or org/name; null for none.</param>
    /// <param name="precision">The number format of the network.</param>
    /// <param name="streams">Where progress goes.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="PolymathException">There is no such model, or it is none that answers.</exception>
    public static async Task<LanguageModels> LoadAsync(string model, string? encoder, string? precision, Streams streams, CancellationToken cancellation)
    {
        var path = await LocalAsync(model, streams, cancellation).ConfigureAwait(false);
        // A task that was learned with the command's own encoder finds it wherever the command is installed now.
        if (encoder is not null && !Directory.Exists(encoder) && Path.GetFileName(encoder) == Path.GetFileName(Models.DefaultFolder)) encoder = Models.Default;
        var folder = encoder is null ? null : await Models.FolderAsync(encoder, streams, cancellation).ConfigureAwait(false);
        var loaded = LanguageModel.Load(path, new LanguageModelOptions { Precision = Settings.PrecisionOf(precision) });
        try { return new LanguageModels(loaded, PromptModel.Of(loaded) with { Precision = Native.Precisions.Name(Native.Precisions.Resolve(Settings.PrecisionOf(precision))) }, folder is null ? null : Backbone.Load(folder)); }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Where a model lies on this machine.</summary>
    public static async Task<string> LocalAsync(string model, Streams streams, CancellationToken cancellation) =>
        File.Exists(model) ? model : await Models.FolderAsync(model, streams, cancellation).ConfigureAwait(false);

    /// <summary>The model that was named, or the one that a task remembers.</summary>
    /// <exception cref="PolymathException">Neither.</exception>
    public static string PathOf(ParseResult result, Settings settings, string? otherwise = null) => result.GetValue(settings.Model) ?? otherwise
        ?? throw new PolymathException("--model is missing; expected a language model: a GGUF file, or a Hugging Face folder such as ./SmolLM2-135M-Instruct");

    /// <summary>Says what prompts had to leave out.</summary>
    public static void SayCut(Streams streams, PromptReport? report)
    {
        if (report is { CutPrompts: > 0 }) streams.Error.WriteLine($"{report.CutPrompts:N0} of {report.Prompts:N0} prompts were too long: {report.CutTokens:N0} tokens of their texts were cut");
        if (report is { DroppedDemonstrations: > 0 }) streams.Error.WriteLine($"{report.DroppedDemonstrations:N0} demonstrations found no room in {report.Prompts:N0} prompts");
    }

    public void Dispose()
    {
        Encoder?.Dispose();
        _model.Dispose();
    }
}
