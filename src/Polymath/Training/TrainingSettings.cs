namespace Polymath.Training;

/// <summary>How parameters move, whatever is trained.</summary>
internal sealed record TrainingSettings
{
    /// <summary>The highest learning rate, of what stands above the blocks.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Passes over the rows.</summary>
    public required int Epochs { get; init; }

    /// <summary>Each layer learns with this share of the rate of the layer above.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>AdamW's decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The share of steps in which the rate rises.</summary>
    public double WarmUp { get; init; } = 0.1;

    /// <summary>How the rate falls.</summary>
    public ScheduleShape Schedule { get; init; } = ScheduleShape.Linear;

    /// <summary>Gradients with a larger norm are scaled down to it; 0 leaves them as they are.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Epochs after which the next lower layer joins the training; 0 trains all from the start.</summary>
    public double UnfreezeEvery { get; init; }

    /// <summary>Layers below the head that train from the first step where <see cref="UnfreezeEvery"/> is given.</summary>
    public int UnfrozenAtFirst { get; init; }

    /// <summary>The share of activations that dropout sets to zero.</summary>
    public double Dropout { get; init; }

    /// <summary>Epochs without a better validation score after which training stops; 0 runs to the end.</summary>
    public int Patience { get; init; }

    /// <summary>The seed of everything drawn.</summary>
    public int Seed { get; init; }

    /// <summary>Steps after which a checkpoint is due, where saving is quick enough.</summary>
    public int CheckpointSteps { get; init; } = 50;

    /// <summary>The share of the time that checkpoints may take up before <see cref="CheckpointTime"/> is over.</summary>
    public double MaxSavingShare { get; init; } = 0.1;

    /// <summary>Time after which a checkpoint is due in any case.</summary>
    public TimeSpan CheckpointTime { get; init; } = TimeSpan.FromSeconds(30);
}
