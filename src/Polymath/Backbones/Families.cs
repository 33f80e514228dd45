using Polymath.Checkpoints;
using TorchSharp;

namespace Polymath.Backbones;

/// <summary>The families that can be read, by <c>model_type</c>. A new family is one file and one line here.</summary>
internal static class Families
{
    private delegate Encoder Build(EncoderConfig config, Weights weights, bool withHead);

    private static readonly Dictionary<string, (string Prefix, Build Build)> Known = new()
    {
        ["bert"] = (Bert.Prefix, (c, w, h) => new Bert(c, w, h)),
        ["roberta"] = (Roberta.Prefix, (c, w, h) => new Roberta(c, w, h)),
        ["xlm-roberta"] = (Roberta.Prefix, (c, w, h) => new Roberta(c, w, h)),
        ["camembert"] = (Roberta.Prefix, (c, w, h) => new Roberta(c, w, h)),
        ["distilbert"] = (DistilBert.Prefix, (c, w, h) => new DistilBert(c, w, h)),
        ["mpnet"] = (Mpnet.Prefix, (c, w, h) => new Mpnet(c, w, h)),
        ["electra"] = (Electra.Prefix, (c, w, h) => new Electra(c, w, h)),
    };

    /// <summary>Builds the network of a checkpoint.</summary>
    /// <exception cref="PolymathException">The family is not known, or a tensor is missing or misshapen.</exception>
    public static Encoder Load(EncoderConfig config, ITensorSource checkpoint, torch.ScalarType type, bool trainable, bool withHead, bool fused = true)
    {
        if (!Known.TryGetValue(config.ModelType, out var family))
            throw new PolymathException($"{config.Source}: the family '{config.ModelType}' is not known; known are {string.Join(", ", Known.Keys)}");
        var weights = new Weights(checkpoint, family.Prefix, type, trainable, fused);
        try { return family.Build(config, weights, withHead); }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
