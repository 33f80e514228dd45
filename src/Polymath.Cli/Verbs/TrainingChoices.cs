using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Training;

namespace Polymath.Cli.Verbs;

/// <summary>The options of <c>adapt</c> that are about training the network itself.</summary>
internal sealed class TrainingChoices
{
    private const string FineTuning = "fine-tuning", Both = "fine-tuning contrastive";

    private readonly Option<double?> _rate = new("--learning-rate") { Description = "Highest learning rate (default: 1e-4 for fine-tuning, 5e-5 for contrastive)" };
    private readonly Option<int?> _epochs = new Option<int?>("--epochs") { Description = "Passes over the rows (default: 5, and more where the rows are few)" }.AtLeast(1);
    private readonly Option<int> _batch = new Option<int>("--batch") { Description = "Rows of a step", DefaultValueFactory = _ => 32 }.AtLeast(1);
    private readonly Option<int> _accumulate = new Option<int>("--accumulate") { Description = "Parts in which a step is computed, where memory is short", DefaultValueFactory = _ => 1 }.AtLeast(1);
    private readonly Option<double> _layerDecay = new("--layer-decay") { Description = "Each layer learns with this share of the rate of the layer above", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _weightDecay = new("--weight-decay") { Description = "AdamW's weight decay", DefaultValueFactory = _ => 0.01 };
    private readonly Option<double> _warmUp = new("--warm-up") { Description = "Share of the steps in which the rate rises", DefaultValueFactory = _ => 0.1 };
    private readonly Option<string> _schedule = new Option<string>("--schedule") { Description = "How the rate falls afterwards", DefaultValueFactory = _ => "linear" }.AcceptOnlyFromAmong("linear", "cosine", "constant");
    private readonly Option<double> _clip = new("--clip") { Description = "Largest gradient norm; 0 for no limit", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _unfreeze = new("--unfreeze-every") { Description = "Epochs after which the next lower layer joins; 0 trains all layers from the start", DefaultValueFactory = _ => 0 };
    private readonly Option<double> _dropout = new("--dropout") { Description = "Share of activations set to zero in training", DefaultValueFactory = _ => new FineTuningOptions().Dropout };
    private readonly Option<double> _smoothing = new("--label-smoothing") { Description = "Share of each target spread over all classes", DefaultValueFactory = _ => 0 };
    private readonly Option<bool> _keepHead = new("--keep-head") { Description = "Train the model's own classification head on, instead of a new one" };
    private readonly Option<bool> _coldHead = new("--cold-head") { Description = "Start the new head at zero instead of at its optimum on frozen features" };
    private readonly Option<double> _validationShare = new("--validation-share") { Description = "Share of the training rows held out to choose the best epoch", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _patience = new Option<int>("--patience") { Description = "Epochs without a better validation score after which training stops; 0 never", DefaultValueFactory = _ => 0 }.AtLeast(0);
    private readonly Option<bool> _tune = new("--tune") { Description = "Search learning rate and epochs on rows held out of the training rows" };
    private readonly Option<int> _seeds = new Option<int>("--seeds") { Description = "Train with so many seeds, measure each, keep the best by validation or else the first", DefaultValueFactory = _ => 1 }.AtLeast(1);
    private readonly Option<int> _pairsPerRow = new Option<int>("--pairs-per-row") { Description = "Pairs drawn for each row", DefaultValueFactory = _ => 40 }.AtLeast(1);

    /// <summary>Each option with the methods it applies to.</summary>
    public IEnumerable<(Option Option, string Methods)> ByMethod =>
    [
        (_rate, Both), (_weightDecay, Both), (_warmUp, Both), (_layerDecay, Both), (_pairsPerRow, "contrastive"),
        .. new Option[] { _epochs, _batch, _accumulate, _schedule, _clip, _unfreeze, _dropout, _smoothing, _keepHead, _coldHead, _validationShare, _patience, _tune, _seeds }.Select(option => (option, FineTuning)),
    ];

    /// <summary>What has no meaning where texts are written.</summary>
    public IEnumerable<Option> NotForWriting => [_keepHead, _coldHead, _tune, _seeds];

    /// <summary>Adds the options to the verb.</summary>
    public void AddTo(Command command) => command.Takes([.. ByMethod.Select(choice => choice.Option)]);

    /// <summary>Says what is out of range before anything is read.</summary>
    public void Check(ParseResult result, Settings settings, string method)
    {
        if (method == FineTuning) TrainingChecks.Check(FineTuningOptions(result, settings, null, null, Metric.Accuracy, false, null));
        if (method == "contrastive") TrainingChecks.Check(ContrastiveOptions(result, settings, null, false, null));
    }

    /// <summary>How many seeds.</summary>
    public int Seeds(ParseResult result) => result.GetValue(_seeds);

    /// <summary>Whether rate and epochs are searched.</summary>
    public bool Tunes(ParseResult result) => result.GetValue(_tune);

    /// <summary>The choices for fine-tuning.</summary>
    public FineTuningOptions FineTuningOptions(ParseResult result, Settings settings, Pooling? pooling, PairEncoding? pairs, Metric metric, bool balanced, string? checkpoints) => new()
    {
        LearningRate = result.GetValue(_rate) ?? 1e-4,
        Epochs = result.GetValue(_epochs),
        BatchRows = result.GetValue(_batch),
        Accumulate = result.GetValue(_accumulate),
        LayerDecay = result.GetValue(_layerDecay),
        WeightDecay = result.GetValue(_weightDecay),
        WarmUp = result.GetValue(_warmUp),
        Schedule = Enum.Parse<ScheduleShape>(result.GetValue(_schedule)!, ignoreCase: true),
        MaxGradientNorm = result.GetValue(_clip),
        UnfreezeEvery = result.GetValue(_unfreeze),
        Dropout = result.GetValue(_dropout),
        LabelSmoothing = result.GetValue(_smoothing),
        BalancedWeights = balanced,
        HeadFirst = !result.GetValue(_coldHead),
        KeepHead = result.GetValue(_keepHead),
        Pooling = pooling,
        Pairs = pairs,
        ValidationShare = result.GetValue(_validationShare),
        Patience = result.GetValue(_patience),
        Metric = metric,
        Precision = Settings.PrecisionOf(result.GetValue(settings.Precision)),
        Prompt = result.GetValue(settings.Prompt),
        Seed = result.GetValue(settings.Seed),
        CheckpointFolder = checkpoints,
    };

    /// <summary>The choices for contrastive training.</summary>
    public ContrastiveOptions ContrastiveOptions(ParseResult result, Settings settings, Pooling? pooling, bool balanced, string? checkpoints) => new()
    {
        LearningRate = result.GetValue(_rate) ?? 5e-5,
        PairsPerRow = result.GetValue(_pairsPerRow),
        WarmUp = result.GetValue(_warmUp),
        WeightDecay = result.GetValue(_weightDecay),
        LayerDecay = result.GetValue(_layerDecay),
        Pooling = pooling,
        BalancedWeights = balanced,
        Prompt = result.GetValue(settings.Prompt),
        Seed = result.GetValue(settings.Seed),
        CheckpointFolder = checkpoints,
    };
}
