using System.Globalization;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>One fine-tuning, from rows to a task with weights of its own.</summary>
internal sealed class FineTuningRun(
    Backbone backbone, LabelledRows data, LabelledRows? validation, FineTuningOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
{
    private readonly FeatureRecipe _recipe = new(options.Pooling ?? backbone.Sentence.Pooling, LayerMix.Last)
    {
        Pairs = !data.Pairs || options.KeepHead ? PairEncoding.Joint : options.Pairs ?? (backbone.Sentence.IsDescribed ? PairEncoding.Siamese : PairEncoding.Joint),
    };

    private TrainingReport _report = new();

    private IReadOnlyList<double>? _thresholds;

    /// <summary>Trains and makes the task.</summary>
    public LearnedTask Fit(string name)
    {
        if (options.KeepHead) TakeLabelsOfKeptHead();
        var (texts, held) = (Texts(data), validation is null ? null : Texts(validation));
        // The kept head of an encoder-decoder looks for end tokens by their ids, so these must stay what they are.
        var vocabulary = options.KeepHead && backbone.Network is EncoderDecoder ? UsedVocabulary.All(backbone.Config.VocabularySize) : UsedVocabulary.Of([.. texts, .. held ?? []]);
        (texts, held) = (vocabulary.Renumber(texts), held is null ? null : vocabulary.Renumber(held));
        using var network = backbone.LoadTrainable(options.KeepHead, vocabulary);
        using TrainableHead top = options.KeepHead ? new KeptHead(network) : new NewHead(StartingHead(), _recipe.Pooling, _recipe.Pairs);
        var problem = new FineTuningProblem(network, top, texts, Loss(), new RowOrder(data.Rows.Count, options.BatchRows, options.Seed), options.Accumulate, options.Precision,
            held is null ? null : () => Validate(network, top, held));
        var settings = options.Settings(data.Rows.Count);
        var checkpoint = options.CheckpointFolder is { } folder
            ? new TrainingCheckpoint(folder, TrainingKey.Of(backbone, options with { CheckpointFolder = null }, [.. data.Rows, .. validation?.Rows ?? []])) : null;
        _report = new TrainingLoop(ParameterGroups.ByDepth(network.Parameters, top.Parameters, network.Config.Layers, settings, problem.StepsPerEpoch), settings, checkpoint)
            .Run(problem, progress, cancellation);
        if (held is not null && data.Kind == TaskKind.MultiLabel)
            _thresholds = Thresholds.Choose(validation!.Marks, MultiLabelRegression.Probabilities(Scores(network, top, held)), data.Classes);
        var weights = TunedWeights.Copy(network.Parameters, vocabulary, backbone, _report.TableDecay);
        return LearnedTask.FromTraining(name, LearnedTask.FineTuningMethod, backbone, weights, (top as NewHead)?.ToHead(), _recipe, data, Record(settings), options.Seed, options.Prompt, _thresholds);
    }

    /// <summary>The optimum of the kind's linear head on the last layer of a backbone as it is.</summary>
    public static ExtractedHead HeadOnFeatures(
        Backbone backbone, LabelledRows data, FeatureRecipe recipe, bool balanced, int seed, string? prompt, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var features = new FeatureExtractionOptions { Layers = LayerMix.Last, Pooling = recipe.Pooling, Pairs = recipe.Pairs, BalancedWeights = balanced, Seed = seed, Prompt = prompt };
        using var store = FeatureStore.InMemory(new FeatureStoreOptions { MaxBytes = long.MaxValue });
        return new FeatureExtractionRun(backbone, data, features, store, progress, cancellation).Fit();
    }

    private LinearHead StartingHead()
    {
        if (options.HeadFirst)
        {
            var found = HeadOnFeatures(backbone, data, _recipe, options.BalancedWeights, options.Seed, options.Prompt, progress, cancellation);
            _thresholds = found.Thresholds;
            return (LinearHead)found.Head;
        }
        var (outputs, width) = (data.Outputs, _recipe.Width(backbone));
        return new LinearHead(new float[outputs * width], data.Kind == TaskKind.Regression ? [(float)data.Values.Average()] : new float[outputs], width);
    }

    private RowLoss Loss() => data.Kind switch
    {
        TaskKind.MultiLabel => new BinaryCrossEntropyLoss([.. data.Marks.Select(mark => mark ? 1f : 0f)], data.Classes),
        TaskKind.Regression => new SquaredLoss([.. data.Values.Select(value => (float)value)]),
        _ => new CrossEntropyLoss(data.Labels, options.LabelSmoothing, options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null),
    };

    private TokenRow[] Texts(LabelledRows of) => TokenRow.Read(backbone, _recipe.Pairs == PairEncoding.Joint ? of.Rows : PairEncodings.Apart(of.Rows), options.Prompt);

    private double Validate(Network network, TrainableHead top, TokenRow[] texts)
    {
        var metric = TaskMetrics.WantedOrMain(data.Kind, options.Metric);
        var score = metric.Compute(TaskMetrics.Score(validation!, Scores(network, top, texts)));
        return metric.HigherIsBetter() ? score : -score;
    }

    /// <summary>Scores of rows by the network as it is, [rows, outputs].</summary>
    private float[] Scores(Network network, TrainableHead top, TokenRow[] texts)
    {
        var (rows, outputs, per) = (texts.Length / top.TextsPerRow, data.Outputs, top.TextsPerRow);
        var scores = new float[rows * outputs];
        int[] byLength = [.. Enumerable.Range(0, rows).OrderBy(row => Enumerable.Range(row * per, per).Sum(text => texts[text].Ids.Length))];
        foreach (var batch in byLength.Chunk(64))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var packed = TokenRow.Pack(FineTuningProblem.TextsOf(batch, top), texts);
            var values = top.Scores(network, packed, null).contiguous().data<float>().ToArray();
            for (var r = 0; r < batch.Length; r++) values.AsSpan(r * outputs, outputs).CopyTo(scores.AsSpan(batch[r] * outputs));
        }
        return scores;
    }

    /// <summary>A kept head decides the order of the labels; it must know exactly those of the rows.</summary>
    private void TakeLabelsOfKeptHead()
    {
        var config = backbone.Config;
        if (config.Head != HeadKind.SequenceClassification || data.Kind != TaskKind.Classification)
            throw new PolymathException($"{backbone.Folder}: this folder has no classification head that could be kept ({config.Head}, for {data.Kind.Name()}); leave --keep-head out for a new head");
        if (!config.Labels.ToHashSet().SetEquals(data.Map.Names))
            throw new PolymathException($"{backbone.Folder}: its head knows the labels {Some(config.Labels)}, the rows have {Some(data.Map.Names)}; a head can be kept only for its own labels");
        data = LabelledRows.From(data.Rows, new LabelMap(config.Labels));
        if (validation is not null) validation = LabelledRows.From(validation.Rows, data.Map);
        static string Some(IReadOnlyList<string> labels) => string.Join(", ", labels.Take(6).Select(OneLine.Short)) + (labels.Count > 6 ? ", …" : "");
    }

    private Dictionary<string, string> Record(TrainingSettings settings)
    {
        var record = new Dictionary<string, string>(options.Record(settings.Epochs))
        {
            ["head_start"] = options.KeepHead ? "kept" : options.HeadFirst ? "frozen features" : "zeros",
            ["steps"] = $"{_report.Steps}",
            [LearnedTask.MaxTokensOption] = $"{backbone.MaxTokens}",
        };
        if (_report.Validations.Count > 0)
        {
            record["validation"] = string.Join(' ', _report.Validations.Select(score => Math.Abs(score).ToString("F4", CultureInfo.InvariantCulture)));
            record["best_epoch"] = $"{BestParameters.Best(_report.Validations) + 1}";
        }
        return record;
    }
}
