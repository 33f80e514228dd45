using System.Globalization;
using System.Security.Cryptography;
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
    private readonly Pooling _pooling = options.Pooling ?? backbone.Sentence.Pooling;

    /// <summary>What the training did.</summary>
    public TrainingReport Report { get; private set; } = new();

    /// <summary>Trains and makes the task.</summary>
    public LearnedTask Fit(string name)
    {
        using var network = backbone.LoadTrainable(options.KeepHead);
        if (options.KeepHead) CheckKeptHead();
        var rows = Tokens(data);
        using TrainableHead top = options.KeepHead ? new KeptHead(network) : new NewHead(StartingHead(), _pooling);
        var loss = new CrossEntropyLoss(data.Labels, data.Classes, options.LabelSmoothing, options.BalancedWeights ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null);
        var held = validation is null ? null : Tokens(validation);
        var problem = new FineTuningProblem(network, top, rows, loss, new RowOrder(rows.Length, options.BatchRows, options.Seed), options.Accumulate, options.Precision,
            held is null ? null : () => Validate(network, top, held));
        var settings = options.Settings(rows.Length);
        var checkpoint = options.CheckpointFolder is { } folder ? new TrainingCheckpoint(folder, Key()) : null;
        Report = new TrainingLoop(ParameterGroups.ByDepth(network.Parameters, top.Parameters, network.Config.Layers, settings, problem.StepsPerEpoch), settings, checkpoint)
            .Run(problem, progress, cancellation);
        var weights = TunedWeights.Copy(network.Parameters);
        checkpoint?.Remove();
        return LearnedTask.FromTraining(name, LearnedTask.FineTuningMethod, backbone, weights, (top as NewHead)?.ToHead(), _pooling, data, Record(settings), options.Seed, options.Prompt);
    }

    /// <summary>The optimum of logistic regression on the frozen features, or zeros.</summary>
    private LinearHead StartingHead()
    {
        if (!options.HeadFirst) return new LinearHead(new float[data.Classes * backbone.Config.Width], new float[data.Classes], backbone.Config.Width);
        var features = new FeatureExtractionOptions { Layers = LayerMix.Last, Pooling = _pooling, BalancedWeights = options.BalancedWeights, Seed = options.Seed, Prompt = options.Prompt };
        using var store = FeatureStore.InMemory(new FeatureStoreOptions { MaxBytes = long.MaxValue });
        return (LinearHead)new FeatureExtractionRun(backbone, data, features, store, progress, cancellation).Fit().Head;
    }

    private TokenRow[] Tokens(LabelledRows of)
    {
        var prefix = backbone.Sentence.Prompt(options.Prompt);
        return [.. of.Rows.Select(row => TokenRow.From(TokenRow.Cut(backbone, prefix, row, backbone.MaxTokens, out _), backbone, row))];
    }

    private double Validate(Encoder network, TrainableHead top, TokenRow[] rows)
    {
        var scores = new float[rows.Length * data.Classes];
        foreach (var batch in TokenRow.Batches(rows, backbone.TokenBudget))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var packed = TokenRow.Pack(batch, rows);
            var values = top.Scores(network.Last(packed), packed, null).contiguous().data<float>().ToArray();
            for (var r = 0; r < packed.Rows; r++) values.AsSpan(r * data.Classes, data.Classes).CopyTo(scores.AsSpan(batch[packed.Order[r]] * data.Classes));
        }
        var score = options.Metric.Compute(Outcomes.FromScores(validation!.Labels, scores, data.Classes));
        return options.Metric.HigherIsBetter() ? score : -score;
    }

    private void CheckKeptHead()
    {
        if (backbone.Config.Head != HeadKind.SequenceClassification)
            throw new PolymathException($"{backbone.Folder}: this folder has no classification head that could be kept ({backbone.Config.Head}); leave the choice out for a new head");
        if (!backbone.Config.Labels.ToHashSet().SetEquals(data.Map.Names))
            throw new PolymathException($"{backbone.Folder}: its head knows the labels {Some(backbone.Config.Labels)}, the rows have {Some(data.Map.Names)}; a head can be kept only for its own labels");
        if (!backbone.Config.Labels.SequenceEqual(data.Map.Names))
            data = LabelledRows.From(data.Rows, new LabelMap(backbone.Config.Labels));
        if (validation is not null) validation = LabelledRows.From(validation.Rows, data.Map);
        static string Some(IReadOnlyList<string> labels) => string.Join(", ", labels.Take(6).Select(OneLine.Short)) + (labels.Count > 6 ? ", …" : "");
    }

    /// <summary>What makes a checkpoint one of this training: the weights it starts from, the rows, and every choice.</summary>
    private string Key()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text) => hash.AppendData(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
        Add(backbone.Hash);
        Add($"{options with { CheckpointFolder = null }}");
        foreach (var of in new[] { data, validation })
            foreach (var row in of?.Rows ?? []) Add($"{row.Text}\t{row.Pair}\t{row.Label}");
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private Dictionary<string, string> Record(TrainingSettings settings)
    {
        var record = new Dictionary<string, string>
        {
            ["learning_rate"] = options.LearningRate.ToString("0.######e+0", CultureInfo.InvariantCulture),
            ["epochs"] = $"{settings.Epochs}",
            ["batch_rows"] = $"{options.BatchRows}",
            ["layer_decay"] = $"{options.LayerDecay}",
            ["weight_decay"] = $"{options.WeightDecay}",
            ["warm_up"] = $"{options.WarmUp}",
            ["schedule"] = options.Schedule.ToString().ToLowerInvariant(),
            ["dropout"] = $"{options.Dropout}",
            ["label_smoothing"] = $"{options.LabelSmoothing}",
            ["head"] = options.KeepHead ? "kept" : options.HeadFirst ? "new, first on frozen features" : "new",
            ["steps"] = $"{Report.Steps}",
            [LearnedTask.MaxTokensOption] = $"{backbone.MaxTokens}",
        };
        if (Report.Validations.Count > 0)
        {
            record["validation"] = string.Join(' ', Report.Validations.Select(score => Math.Abs(score).ToString("F4", CultureInfo.InvariantCulture)));
            record["best_epoch"] = $"{Report.Validations.IndexOf(Report.Validations.Max()) + 1}";
        }
        return record;
    }
}
