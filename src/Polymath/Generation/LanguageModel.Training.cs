using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using TorchSharp;

namespace Polymath.Generation;

/// <content>The network as something to train, and the model with weights that training gave it.</content>
public sealed partial class LanguageModel
{
    /// <summary>The number format that was asked for.</summary>
    internal Precision Precision => _options.Precision;

    /// <summary>The network with plain float32 parameters that take gradients, read anew from the model's files; a quantised file is unpacked.</summary>
    internal Network LoadTrainable()
    {
        using var scope = torch.NewDisposeScope();
        using var checkpoint = Checkpoint.Open(Path);
        return Families.Load(Config, checkpoint, torch.ScalarType.Float32, trainable: true, withHead: true);
    }

    /// <summary>The same model with weights that training gave it; tokenizer, settings and what was not trained come from here.</summary>
    internal LanguageModel Tuned(TunedWeights weights)
    {
        using var scope = torch.NewDisposeScope();
        using var trained = weights.Open();
        using var own = Checkpoint.Open(Path);
        using var both = new LayeredTensors(trained, own);
        var network = Families.Load(Config, both, Precisions.TensorType(_options.Precision), trainable: false, withHead: true);
        return new LanguageModel(Path, _options, network, Tokenizer, () => _chat.Value, [.. EndTokens], () => weights.Hash);
    }
}
