namespace Polymath.Adaptation;

/// <summary>How a language model learns to answer texts with texts.</summary>
public sealed record TextToTextOptions
{
    /// <summary>
    /// How the network is trained. What is about heads and pooling (<see cref="FineTuningOptions.HeadFirst"/>, <see cref="FineTuningOptions.Pooling"/>,
    /// <see cref="FineTuningOptions.Pairs"/>, <see cref="FineTuningOptions.KeepHead"/>, <see cref="FineTuningOptions.BalancedWeights"/>,
    /// <see cref="FineTuningOptions.Metric"/>, <see cref="FineTuningOptions.Prompt"/>) has no meaning here; validation measures perplexity.
    /// </summary>
    public FineTuningOptions Training { get; init; } = new();

    /// <summary>What stands between input and answer where the model is a decoder; an encoder-decoder needs nothing.</summary>
    public string Separator { get; init; } = "\n";

    /// <summary>The most tokens of an answer in prediction; null takes the longest answer of the training rows.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Texts that are followed at the same time in prediction (beam search); 1 takes the most likely token each time.</summary>
    public int Beams { get; init; } = 1;
}

/// <summary>How a text-to-text task puts rows to its model and writes; kept in the task.</summary>
/// <param name="Separator">What stands between input and answer of a decoder.</param>
/// <param name="InputTokens">Inputs are cut at so many tokens, the tokenizer's own included.</param>
/// <param name="MaxNewTokens">The most tokens of an answer.</param>
public sealed record TextToTextRecord(string Separator, int InputTokens, int MaxNewTokens)
{
    /// <summary>Texts that are followed at the same time (beam search); 1 takes the most likely token each time.</summary>
    public int Beams { get; init; } = 1;
}
