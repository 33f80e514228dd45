using Polymath.Checkpoints;
using TorchSharp;

namespace Polymath.Backbones;

/// <summary>The families that can be read, by <c>model_type</c>. A new family is one file and one line here.</summary>
internal static class Families
{
    private delegate Network Build(NetworkConfig config, Weights weights, bool withHead);

    private static readonly Dictionary<string, (string Prefix, Build Build)> Known = new()
    {
        ["bert"] = (Bert.Prefix, (c, w, h) => new Bert(c, w, h)),
        ["roberta"] = (Roberta.Prefix, (c, w, h) => new Roberta(c, w, h)),
        ["xlm-roberta"] = (Roberta.Prefix, (c, w, h) => new Roberta(c, w, h)),
        ["camembert"] = (Roberta.Prefix, (c, w, h) => new Roberta(c, w, h)),
        ["distilbert"] = (DistilBert.Prefix, (c, w, h) => new DistilBert(c, w, h)),
        ["mpnet"] = (Mpnet.Prefix, (c, w, h) => new Mpnet(c, w, h)),
        ["electra"] = (Electra.Prefix, (c, w, h) => new Electra(c, w, h)),
        ["modernbert"] = (ModernBert.Prefix, (c, w, h) => new ModernBert(c, w, h)),
        ["gpt2"] = (Gpt2.Prefix, (c, w, h) => new Gpt2(c, w, h)),
        ["llama"] = (Llama.Prefix, (c, w, h) => new Llama(c, w, h)),
        ["mistral"] = (Llama.Prefix, (c, w, h) => new Llama(c, w, h)),
        ["qwen2"] = (Llama.Prefix, (c, w, h) => new Llama(c, w, h)),
        ["t5"] = (T5.Prefix, (c, w, h) => new T5(c, w, h)),
        ["bart"] = (Bart.Prefix, (c, w, h) => new Bart(c, w, h)),
    };

    /// <summary>Builds the network of a checkpoint.</summary>
    /// <exception cref="PolymathException">The family is not known, or a tensor is missing or misshapen.</exception>
    public static Network Load(NetworkConfig config, ITensorSource checkpoint, torch.ScalarType type, bool trainable, bool withHead, bool fused = true, bool fourBit = false)
    {
        if (!Known.TryGetValue(config.ModelType, out var family))
            throw new PolymathException($"{config.Source}: the family '{config.ModelType}' is not known; known are {string.Join(", ", Known.Keys)}");
        var weights = new Weights(checkpoint, family.Prefix, type, trainable, fused, fourBit);
        try
        {
            var network = family.Build(config, weights, withHead);
            return !fourBit || weights.FourBitLayers > 0 ? network
                : throw new PolymathException($"{config.Source}: no layer is stored in four bits (Q4_0 or Q4_1), or this platform has no product for them; load it without that option");
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
