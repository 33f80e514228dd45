namespace Polymath.Extensions.AI;

/// <summary>How a <see cref="BackboneEmbeddingGenerator"/> works.</summary>
public sealed record BackboneEmbeddingOptions
{
    /// <summary>
    /// Name of one of the folder's prompts (such as query or passage) to put before every text; null for the folder's default. A single request
    /// may name another one as <see cref="BackboneEmbeddingGenerator.PromptProperty"/> in its additional properties.
    /// </summary>
    public string? Prompt { get; init; }

    /// <summary>Whether disposing the generator frees the backbone too; by default the backbone stays with whoever loaded it.</summary>
    public bool DisposeBackbone { get; init; }

    /// <summary>Whether token counts are given as usage. They cost a second tokenization, a few percent of the time of a request.</summary>
    public bool CountTokens { get; init; } = true;
}
