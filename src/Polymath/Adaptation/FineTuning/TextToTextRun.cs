using System.Globalization;
using Polymath.Backbones;
using Polymath.Generation;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Training;

namespace Polymath.Adaptation;

/// <summary>One training of a language model on inputs and answers, from rows to a task with weights of its own.</summary>
internal sealed class TextToTextRun(
    LanguageModel model, LabelledRows data, LabelledRows? validation, TextToTextOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
{
    /// <summary>Trains and makes the task.</summary>
    public TextToTextTask Fit(string name)
    {
        var training = options.Training;
        var record = TextToTextEncoder.Fit(model, [.. data.Rows, .. validation?.Rows ?? []], options);
        var encoder = new TextToTextEncoder(model, record);
        TextToTextRow[] Read(LabelledRows of) => [.. of.Rows.Select(row => new TextToTextRow(encoder.Prompt(row), encoder.Answer(row)))];
        var rows = Read(data);
        var cut = encoder.Cut;
        var held = validation is null ? null : Read(validation);
        using var network = model.LoadTrainable();
        var problem = new TextToTextProblem(network, rows, new RowOrder(rows.Length, training.BatchRows, training.Seed), training.Accumulate, training.Precision, training.LabelSmoothing,
            held is null ? null : () => -Likelihood.PerToken(new PrefixTreeScorer(network).LogProbabilities(Likelihood.Requests(held), cancellation)));
        var settings = training.Settings(rows.Length);
        var checkpoint = training.CheckpointFolder is { } folder
            ? new TrainingCheckpoint(folder, TrainingKey.Of(model.Hash, options with { Training = training with { CheckpointFolder = null } }, [.. data.Rows, .. validation?.Rows ?? []])) : null;
        var report = new TrainingLoop(ParameterGroups.ByDepth(network.Parameters, [], network.Config.Layers, settings, problem.StepsPerEpoch), settings, checkpoint).Run(problem, progress, cancellation);
        var artifact = new TaskArtifact
        {
            Name = name,
            Kind = TaskKind.Generate,
            Method = LearnedTask.FineTuningMethod,
            Labels = [],
            HeadKind = TextToTextTask.Head,
            Backbone = PromptModel.Of(model).Reference,
            Precision = Precisions.Name(Precisions.Resolve(model.Precision)),
            TextToText = record,
            Weights = TunedWeights.Copy(network.Parameters),
            Training = new TrainingRecord(rows.Length, training.Seed) { Options = Record(settings, report, rows, cut) },
        };
        return TextToTextTask.Restore(artifact, model);
    }

    private Dictionary<string, string> Record(TrainingSettings settings, TrainingReport report, TextToTextRow[] rows, int cut)
    {
        var record = new Dictionary<string, string>(options.Training.Record(settings.Epochs))
        {
            ["steps"] = $"{report.Steps}",
            ["answer_tokens"] = $"{rows.Sum(row => (long)row.Answer.Length)}",
            ["cut_inputs"] = $"{cut}",
            [LearnedTask.MaxTokensOption] = $"{model.MaxTokens}",
        };
        if (report.Validations.Count > 0)
        {
            record["validation_perplexity"] = string.Join(' ', report.Validations.Select(score => Math.Exp(-score).ToString("F4", CultureInfo.InvariantCulture)));
            record["best_epoch"] = $"{BestParameters.Best(report.Validations) + 1}";
        }
        return record;
    }
}

/// <summary>What likelihoods of right answers are asked for, and their mean.</summary>
internal static class Likelihood
{
    /// <summary>One request a row, with one answer.</summary>
    public static ScoringRequest[] Requests(IEnumerable<TextToTextRow> rows) => [.. rows.Select(row => new ScoringRequest(row.Prompt, [row.Answer]))];

    /// <summary>The mean of −log p over all answer tokens.</summary>
    public static double PerToken(IReadOnlyList<float[][]> logs) => -logs.Sum(row => row[0].Sum(log => (double)log)) / logs.Sum(row => row[0].Length);
}
