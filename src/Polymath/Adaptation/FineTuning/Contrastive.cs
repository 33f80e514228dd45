using System.Globalization;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using Polymath.Training;

namespace Polymath.Adaptation;

/// <summary>Contrastive fine-tuning: pairs of rows train the encoder, then a head is fitted on its features.</summary>
public static class Contrastive
{
    /// <summary>Learns a task from few rows.</summary>
    /// <param name="backbone">The sentence encoder to start from; it stays as it is.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Labelled rows, at least two classes.</param>
    /// <param name="options">Choices.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellation">Stops between steps, after a checkpoint where there is a folder for it.</param>
    /// <exception cref="PolymathException">Rows without a label, one class only, options out of range.</exception>
    public static Task<LearnedTask> TrainContrastivelyAsync(this Backbone backbone, string name, IEnumerable<Row> rows, ContrastiveOptions? options = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => TrainContrastively(backbone, name, rows, options, progress, cancellation), cancellation);

    /// <summary>As <see cref="TrainContrastivelyAsync"/>, on the calling thread.</summary>
    public static LearnedTask TrainContrastively(this Backbone backbone, string name, IEnumerable<Row> rows, ContrastiveOptions? options = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        TrainContrastively(backbone, name, LabelledRows.From(rows), options, progress, cancellation);

    /// <summary>As <see cref="TrainContrastivelyAsync"/>, on the calling thread, of rows whose labels have been read.</summary>
    public static LearnedTask TrainContrastively(this Backbone backbone, string name, LabelledRows data, ContrastiveOptions? options = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new ContrastiveOptions();
        TrainingChecks.Check(options);
        if (data.Kind != TaskKind.Classification || data.Pairs)
            throw new PolymathException($"contrastive fine-tuning learns classes of single texts, not {(data.Pairs ? "pairs" : $"a {data.Kind.Name()} task")}; fine-tuning does");
        var recipe = new FeatureRecipe(options.Pooling ?? backbone.Sentence.Pooling, LayerMix.Last);
        var pairs = SampledPairs.Draw(data.Labels, (int)Math.Min(options.MaxPairs, (long)options.PairsPerRow * data.Rows.Count), options.Seed);
        var texts = TokenRow.Read(backbone, data.Rows, options.Prompt);
        var vocabulary = UsedVocabulary.Of(texts);
        using var network = backbone.LoadTrainable(withHead: false, vocabulary);
        var problem = new ContrastiveProblem(network, recipe.Pooling, vocabulary.Renumber(texts), pairs, options.BatchPairs);
        var settings = new TrainingSettings
        {
            LearningRate = options.LearningRate,
            Epochs = 1,
            LayerDecay = options.LayerDecay,
            WeightDecay = options.WeightDecay,
            WarmUp = options.WarmUp,
            Seed = options.Seed,
        };
        var checkpoint = options.CheckpointFolder is { } folder ? new TrainingCheckpoint(folder, TrainingKey.Of(backbone, options with { CheckpointFolder = null }, data.Rows)) : null;
        var report = new TrainingLoop(ParameterGroups.ByDepth(network.Parameters, [], network.Config.Layers, settings, problem.StepsPerEpoch), settings, checkpoint)
            .Run(problem, progress, cancellation);
        var weights = TunedWeights.Copy(network.Parameters, vocabulary, backbone, report.TableDecay);
        var head = FitHead(backbone, weights, data, options, recipe, progress, cancellation);
        return LearnedTask.FromTraining(name, LearnedTask.ContrastiveMethod, backbone, weights, head, recipe, data, new Dictionary<string, string>
        {
            ["learning_rate"] = options.LearningRate.ToString("0.######e+0", CultureInfo.InvariantCulture),
            ["pairs"] = $"{pairs.Length}",
            ["batch_pairs"] = $"{options.BatchPairs}",
            ["steps"] = $"{report.Steps}",
            [LearnedTask.MaxTokensOption] = $"{backbone.MaxTokens}",
        }, options.Seed, options.Prompt);
    }

    private static LinearHead FitHead(
        Backbone backbone, TunedWeights weights, LabelledRows data, ContrastiveOptions options, FeatureRecipe recipe, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        using var tuned = backbone.Tuned(weights, withHead: false);
        return (LinearHead)FineTuningRun.HeadOnFeatures(tuned, data, recipe, options.BalancedWeights, options.Seed, options.Prompt, progress, cancellation).Head;
    }
}
