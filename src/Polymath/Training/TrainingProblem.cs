using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>What is trained: a loss over parameters, cut into steps. What a step sees must follow from its number alone.</summary>
internal interface ITrainingProblem
{
    /// <summary>Steps of one pass over the rows.</summary>
    long StepsPerEpoch { get; }

    /// <summary>
    /// The losses of a step, one part after another; each is differentiated and freed before the next is asked for. They add up to the
    /// step's loss (gradient accumulation).
    /// </summary>
    IEnumerable<Tensor> Losses(long step, Dropout? dropout);

    /// <summary>A score of the parameters as they are on rows that are not trained on, higher is better; null where there are none.</summary>
    double? Validate();
}

/// <summary>What a training did.</summary>
internal sealed record TrainingReport
{
    /// <summary>Steps that the parameters have behind them, those before a resumption included.</summary>
    public long Steps { get; set; }

    /// <summary>What weight decay left of an embedding that never got a gradient.</summary>
    public double TableDecay { get; set; } = 1;

    /// <summary>Steps that this call computed.</summary>
    public long StepsRun { get; set; }

    /// <summary>The step at which this call took over; 0 for a training from the start.</summary>
    public long ResumedAt { get; set; }

    /// <summary>Checkpoints written by this call.</summary>
    public int Checkpoints { get; set; }

    /// <summary>The loss of each step that this call computed.</summary>
    public List<double> Losses { get; } = [];

    /// <summary>The norm of all gradients before clipping, of each step that this call computed.</summary>
    public List<double> GradientNorms { get; } = [];

    /// <summary>The validation score after each epoch.</summary>
    public List<double> Validations { get; set; } = [];
}
