using Microsoft.Extensions.AI;

namespace Polymath.Extensions.AI;

/// <summary>Backbones as the interfaces of Microsoft.Extensions.AI.</summary>
public static class BackboneExtensions
{
    /// <summary>Wraps a backbone, for vector stores, pipelines and whatever else takes an embedding generator.</summary>
    /// <param name="backbone">The backbone; it stays the caller's to dispose unless the options say otherwise.</param>
    /// <param name="options">Prompt, ownership, counting; null for the defaults.</param>
    /// <exception cref="PolymathException">The folder has no prompt of the name in <paramref name="options"/>.</exception>
    public static IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(this Backbone backbone, BackboneEmbeddingOptions? options = null) =>
        new BackboneEmbeddingGenerator(backbone, options);
}
