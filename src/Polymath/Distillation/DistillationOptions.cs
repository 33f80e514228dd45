using Polymath.Native;

namespace Polymath.Distillation;

/// <summary>The student's size and how it is trained.</summary>
public sealed record DistillationOptions
{
    /// <summary>Width of the student's hidden states.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Blocks of the student.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>Attention heads of a block; divides <see cref="Width"/>.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Width inside the feed-forward part of a block.</summary>
    public int Intermediate { get; init; } = 512;

    /// <summary>Tokens of the student's vocabulary, which is learned from the texts.</summary>
    public int Vocabulary { get; init; } = 20_000;

    /// <summary>The longest row in tokens, special tokens included.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>
    /// The teacher's layers whose mean-pooled vectors the student learns to predict, 0 for the embeddings; empty takes the middle and the last.
    /// The last of them also gives the similarities that the student's own vectors must show.
    /// </summary>
    public IReadOnlyList<int> TeacherLayers { get; init; } = [];

    /// <summary>Passes over the texts in which only the embeddings learn, as a bag of tokens: cheap, and a good start for the rest.</summary>
    public double BagEpochs { get; init; } = 3;

    /// <summary>Passes over the texts in which the whole student learns.</summary>
    public double Epochs { get; init; } = 3;

    /// <summary>Highest learning rate of the first phase.</summary>
    public double BagRate { get; init; } = 2e-3;

    /// <summary>Highest learning rate of the second phase.</summary>
    public double Rate { get; init; } = 5e-4;

    /// <summary>Share of a phase in which the learning rate rises; it falls linearly afterwards.</summary>
    public double WarmUp { get; init; } = 0.04;

    /// <summary>Weight of the similarity loss beside the prediction loss.</summary>
    public double SimilarityWeight { get; init; } = 4;

    /// <summary>Decay of the weights (AdamW).</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The gradient's norm is cut to this.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Tokens of one training step.</summary>
    public int TokenBudget { get; init; } = 4096;

    /// <summary>Number format of the student's matrix products in training; weights are float32 always.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Decides the first weights and the order of the texts.</summary>
    public int Seed { get; init; }

    /// <summary>How often progress is made durable.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(4);
}
