namespace Polymath.Extensions.AI;

/// <summary>A request may name the model it wants; an adapter has exactly one.</summary>
internal static class RequestedModel
{
    /// <param name="wanted">The name in the request; null for any.</param>
    /// <param name="own">The name of the model that is wrapped.</param>
    /// <param name="adapter">What wraps it.</param>
    /// <exception cref="PolymathException">The request wants another model.</exception>
    public static void Check(string? wanted, string own, string adapter)
    {
        if (wanted is not null && wanted != own)
            throw new PolymathException($"the request wants the model '{wanted.ReplaceLineEndings(" ")}', but this {adapter} runs '{own}'; leave ModelId out or wrap that model");
    }
}
