using System.Globalization;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>Parameters that are trained alike.</summary>
/// <param name="Parameters">Names and tensors: float32 leaves that need gradients.</param>
/// <param name="Scale">Their share of the learning rate.</param>
/// <param name="WeightDecay">Their decoupled weight decay.</param>
/// <param name="FrozenSteps">How many steps they wait before they are trained (gradual unfreezing).</param>
internal sealed record ParameterGroup(IReadOnlyList<KeyValuePair<string, Tensor>> Parameters, double Scale, double WeightDecay, long FrozenSteps = 0);

/// <summary>
/// Groups parameters by depth: layer-wise learning rate decay (Clark et al. 2020, ELECTRA) and gradual unfreezing (Howard and Ruder 2018,
/// ULMFiT). Depth 0 are the embeddings, 1 to L the blocks, L + 1 everything above. Biases and norms, the parameters of one dimension, have no
/// weight decay.
/// </summary>
internal static partial class ParameterGroups
{
    /// <summary>Groups a network's parameters and those of what was put on top of it.</summary>
    /// <param name="network">The network's parameters by their Hugging Face names.</param>
    /// <param name="top">Parameters above the blocks, such as a new head's.</param>
    /// <param name="layers">The number of blocks L.</param>
    /// <param name="settings">Learning rate, decays, unfreezing.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch, in which unfreezing is counted.</param>
    public static IReadOnlyList<ParameterGroup> ByDepth(
        IEnumerable<KeyValuePair<string, Tensor>> network, IEnumerable<KeyValuePair<string, Tensor>> top, int layers, TrainingSettings settings, long stepsPerEpoch)
    {
        var all = network.Select(entry => (Entry: entry, Depth: DepthOf(entry.Key, layers))).Concat(top.Select(entry => (Entry: entry, Depth: layers + 1)));
        return [.. all.GroupBy(p => (p.Depth, Decays: p.Entry.Value.dim() > 1)).OrderByDescending(group => group.Key).Select(group => new ParameterGroup(
            [.. group.Select(p => p.Entry).OrderBy(entry => entry.Key, StringComparer.Ordinal)],
            Math.Pow(settings.LayerDecay, layers + 1 - group.Key.Depth),
            group.Key.Decays ? settings.WeightDecay : 0,
            (long)(Math.Max(0, layers + 1 - group.Key.Depth - settings.UnfrozenAtFirst) * settings.UnfreezeEvery * stepsPerEpoch)))];
    }

    /// <summary>Where in the network a parameter stands: 0 for embeddings, k for block k, L + 1 above.</summary>
    public static int DepthOf(string name, int layers) =>
        Block().Match(name) is { Success: true } block ? int.Parse(block.Groups[1].Value, CultureInfo.InvariantCulture) + 1
        : Embeddings().IsMatch(name) ? 0 : layers + 1;

    /// <summary>BERT's, Llama's and BART's, GPT-2's and T5's names of a block.</summary>
    [GeneratedRegex(@"(?:^|\.)(?:layer|layers|h|block)\.([0-9]+)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Block();

    [GeneratedRegex(@"embeddings|relative_attention_bias|(?:^|\.)(?:wte|wpe|shared|embed_tokens|embed_positions|layernorm_embedding)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Embeddings();
}
