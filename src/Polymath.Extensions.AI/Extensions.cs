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

/// <summary>Language models as the interfaces of Microsoft.Extensions.AI.</summary>
public static class LanguageModelExtensions
{
    /// <summary>Wraps a language model with a chat template, for whatever takes a chat client.</summary>
    /// <param name="model">The model; it stays the caller's to dispose.</param>
    /// <param name="defaults">What holds where a call's options say nothing; null for the most likely token and at most 256 new ones.</param>
    /// <exception cref="PolymathException">The model has no chat template, or only fills in masks.</exception>
    public static IChatClient AsChatClient(this Generation.LanguageModel model, Generation.GenerationOptions? defaults = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Kind == Generation.LanguageModelKind.Masked || model.Chat is null)
            throw new PolymathException($"{model.Path}: this model cannot chat (it {(model.Chat is null ? "has no chat template" : "only fills in masks")})");
        return new LanguageModelChatClient(model, defaults ?? new Generation.GenerationOptions { MaxNewTokens = 256 });
    }
}
