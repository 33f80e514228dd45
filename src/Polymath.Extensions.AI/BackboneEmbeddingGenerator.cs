using Microsoft.Extensions.AI;
using Polymath.Text;

namespace Polymath.Extensions.AI;

/// <summary>
/// A backbone as an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>: the vectors of <see cref="Backbone.Embed"/>, computed off the caller's
/// thread. Requests that arrive at once take turns, because one alone already uses all processor cores. Safe for concurrent use.
/// </summary>
public sealed class BackboneEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>The additional property by which a request names a prompt of its own.</summary>
    public const string PromptProperty = "prompt";

    private readonly Backbone _backbone;
    private readonly BackboneEmbeddingOptions _options;
    private readonly EmbeddingGeneratorMetadata _metadata;
    private readonly int _width;
    private readonly SemaphoreSlim _turn = new(1);
    private volatile bool _disposed;

    /// <summary>Wraps a loaded backbone.</summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="options">Prompt, ownership, counting; null for the defaults.</param>
    /// <exception cref="PolymathException">The folder has no prompt of the name in <paramref name="options"/>.</exception>
    public BackboneEmbeddingGenerator(Backbone backbone, BackboneEmbeddingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        (_backbone, _options) = (backbone, options ?? new BackboneEmbeddingOptions());
        _ = backbone.Sentence.Prompt(_options.Prompt); // a wrong name is told now, not at the first request
        _width = backbone.Sentence.Width(backbone.Config.Width);
        _metadata = new EmbeddingGeneratorMetadata("polymath", providerUri: null, backbone.Name, _width);
    }

    /// <summary>The vector of each text, in input order.</summary>
    /// <param name="values">Texts; those beyond <see cref="Backbone.MaxTokens"/> are cut. Enumerated on the calling thread.</param>
    /// <param name="options">A model or a number of dimensions other than the backbone's own is refused.</param>
    /// <param name="cancellationToken">Stops before the work starts or between batches.</param>
    /// <exception cref="PolymathException">The request wants what this backbone does not have: another model, other dimensions, an unknown prompt.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The generator was disposed.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(options);
        var prompt = options?.AdditionalProperties?.TryGetValue(PromptProperty, out string? named) == true ? named : _options.Prompt;
        string[] texts = [.. values];
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return await Task.Run(() => Generate(texts, prompt, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally { _turn.Release(); }
    }

    /// <summary>The <see cref="EmbeddingGeneratorMetadata"/>, the <see cref="Backbone"/>, or this generator; null for any other type or a key.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return new object[] { _metadata, _backbone, this }.FirstOrDefault(serviceType.IsInstanceOfType);
    }

    /// <summary>Refuses further requests, waits for the one that is running, and frees the backbone where the options say so.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _turn.Wait();
        _turn.Release(); // those who still wait for their turn find the generator disposed
        if (_options.DisposeBackbone) _backbone.Dispose();
    }

    private GeneratedEmbeddings<Embedding<float>> Generate(string[] texts, string? prompt, CancellationToken cancellation)
    {
        var created = DateTimeOffset.UtcNow;
        var vectors = _backbone.Embed(texts, prompt, cancellation);
        var embeddings = vectors.Select(vector => new Embedding<float>(vector) { ModelId = _backbone.Name, CreatedAt = created });
        return new GeneratedEmbeddings<Embedding<float>>(embeddings) { Usage = _options.CountTokens ? Count(texts, prompt) : null };
    }

    /// <summary>Tokens that went through the network, special tokens and prompt included.</summary>
    private UsageDetails Count(string[] texts, string? prompt)
    {
        var before = _backbone.Sentence.Prompt(prompt);
        var limit = new EncodeOptions { MaxLength = _backbone.MaxTokens };
        var tokens = texts.Sum(text => (long)_backbone.Tokenizer.Encode(before + text, null, limit)[0].Length);
        return new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
    }

    private void Check(EmbeddingGenerationOptions? options)
    {
        RequestedModel.Check(options?.ModelId, _backbone.Name, "generator");
        if (options?.Dimensions is { } wanted && wanted != _width)
            throw new PolymathException($"the request wants {wanted} dimensions, but '{_backbone.Name}' gives {_width}; leave Dimensions out");
    }
}
