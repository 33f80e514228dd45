using Polymath.Backbones;

namespace Polymath.Adaptation;

/// <summary>
/// How a sentence encoder is trained to bring rows of a class together before a head is fitted on it (Tunstall et al. 2022, SetFit). For few
/// rows: some to some dozens of each class.
/// </summary>
public sealed record ContrastiveOptions
{
    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>Pairs drawn for each row: half of them with a row of its class, half with a row of another.</summary>
    public int PairsPerRow { get; init; } = 40;

    /// <summary>The most pairs in all, whatever the number of rows: n² pairs are never made.</summary>
    public int MaxPairs { get; init; } = 20_000;

    /// <summary>Pairs of a step.</summary>
    public int BatchPairs { get; init; } = 16;

    /// <summary>The share of steps in which the rate rises.</summary>
    public double WarmUp { get; init; } = 0.1;

    /// <summary>AdamW's decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Each layer learns with this share of the rate of the layer above.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>How tokens become one vector; null takes the folder's own way.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>Whether classes are weighed inversely to their size when the head is fitted.</summary>
    public bool BalancedWeights { get; init; }

    /// <summary>Name of one of the folder's prompts to put before each text; null for its default.</summary>
    public string? Prompt { get; init; }

    /// <summary>Decides pairs and their order.</summary>
    public int Seed { get; init; }

    /// <summary>A folder for checkpoints, from which a training that was stopped goes on; remove it once the task is saved. Null keeps none.</summary>
    public string? CheckpointFolder { get; init; }
}
