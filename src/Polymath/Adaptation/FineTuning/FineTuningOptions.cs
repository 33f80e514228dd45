using System.Globalization;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Training;

namespace Polymath.Adaptation;

/// <summary>How a backbone is trained on a task. The defaults are for sentence encoders and some hundred to some ten thousand rows; dropout and epochs were chosen on held-out training rows.</summary>
public sealed record FineTuningOptions
{
    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Passes over the rows; null takes 5, and more where the rows are few (at least 300 steps, at most 10 passes).</summary>
    public int? Epochs { get; init; }

    /// <summary>Rows of a step.</summary>
    public int BatchRows { get; init; } = 32;

    /// <summary>In how many parts a step is computed, one after another, where memory is short; the result is the same but for rounding.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Each layer learns with this share of the rate of the layer above; 1 trains all alike.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>AdamW's decoupled weight decay; biases and norms have none.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The share of steps in which the rate rises.</summary>
    public double WarmUp { get; init; } = 0.1;

    /// <summary>How the rate falls afterwards.</summary>
    public ScheduleShape Schedule { get; init; } = ScheduleShape.Linear;

    /// <summary>Gradients with a larger norm are scaled down to it; 0 leaves them as they are.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Epochs after which the next lower layer joins the training (gradual unfreezing); 0 trains all from the start.</summary>
    public double UnfreezeEvery { get; init; }

    /// <summary>The share of activations that are set to zero in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>The share of each target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Whether classes are weighed inversely to their size.</summary>
    public bool BalancedWeights { get; init; }

    /// <summary>
    /// Whether the new head is first brought to its optimum on the frozen features, so that training does not begin by tearing them apart for
    /// a random head (LP-FT, Kumar et al. 2022).
    /// </summary>
    public bool HeadFirst { get; init; } = true;

    /// <summary>Whether the folder's own classification head is trained on instead of a new one; its labels must be those of the rows.</summary>
    public bool KeepHead { get; init; }

    /// <summary>How tokens become one vector; null takes the folder's own way.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>How two texts become one vector, where rows are pairs; null reads them apart in a sentence encoder, together in another network.</summary>
    public PairEncoding? Pairs { get; init; }

    /// <summary>What the rows' labels are: classes, lists, numbers; null recognises it.</summary>
    public TaskKind? Kind { get; init; }

    /// <summary>The share of the rows that is held out to choose the best epoch, where no validation rows are given; 0 trains to the end.</summary>
    public double ValidationShare { get; init; }

    /// <summary>Epochs without a better validation score after which training stops; 0 goes on to the end and takes the best epoch.</summary>
    public int Patience { get; init; }

    /// <summary>What validation measures; where it does not measure the kind of task, the kind's main metric.</summary>
    public Metric Metric { get; init; } = Metric.Accuracy;

    /// <summary>The number format of the matrix products; weights, gradients and optimizer stay float32.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Name of one of the folder's prompts to put before each text; null for its default.</summary>
    public string? Prompt { get; init; }

    /// <summary>Decides the order of rows, dropout, and what is held out.</summary>
    public int Seed { get; init; }

    /// <summary>A folder for checkpoints, from which a training that was stopped goes on; remove it once the task is saved. Null keeps none.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Passes over a number of rows.</summary>
    internal int EpochsFor(int rows) => Epochs ?? Math.Clamp((int)Math.Ceiling(300.0 * BatchRows / rows), 5, 10);

    /// <summary>What a task keeps of the options that every training has.</summary>
    internal Dictionary<string, string> Record(int epochs) => new()
    {
        ["learning_rate"] = LearningRate.ToString("0.######e+0", CultureInfo.InvariantCulture),
        ["epochs"] = $"{epochs}",
        ["batch_rows"] = $"{BatchRows}",
        ["layer_decay"] = $"{LayerDecay}",
        ["weight_decay"] = $"{WeightDecay}",
        ["warm_up"] = $"{WarmUp}",
        ["schedule"] = Schedule.ToString().ToLowerInvariant(),
        ["dropout"] = $"{Dropout}",
        ["label_smoothing"] = $"{LabelSmoothing}",
    };

    internal TrainingSettings Settings(int rows) => new()
    {
        LearningRate = LearningRate,
        Epochs = EpochsFor(rows),
        LayerDecay = LayerDecay,
        WeightDecay = WeightDecay,
        WarmUp = WarmUp,
        Schedule = Schedule,
        MaxGradientNorm = MaxGradientNorm,
        UnfreezeEvery = UnfreezeEvery,
        Dropout = Dropout,
        Patience = Patience,
        Seed = Seed,
    };
}
