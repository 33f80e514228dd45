using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>One learning rate that the search tried.</summary>
/// <param name="LearningRate">The rate.</param>
/// <param name="Epochs">The epoch with the best validation score.</param>
/// <param name="Score">That score.</param>
public sealed record TunedCandidate(double LearningRate, int Epochs, double Score);

/// <summary>A small search over learning rate and epochs on rows that are held out for it; the test rows have no part in it.</summary>
public static class FineTuningSearch
{
    /// <summary>The learning rates that are tried, as shares of the default.</summary>
    internal static readonly double[] Rates = [0.3, 1, 3];

    private const double HeldOut = 0.2;

    /// <summary>Trains once with each rate, for twice the usual epochs, and takes the rate and the epoch that do best.</summary>
    /// <param name="backbone">The encoder to start from.</param>
    /// <param name="data">The training rows.</param>
    /// <param name="options">Everything else, and the rate in the middle.</param>
    /// <param name="validation">Rows to choose by; null holds out a fifth of <paramref name="data"/>, or <see cref="FineTuningOptions.ValidationShare"/>.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The options with the rate and the number of epochs found, and what was tried, best first.</returns>
    public static (FineTuningOptions Chosen, IReadOnlyList<TunedCandidate> Tried) Tune(Backbone backbone, LabelledRows data, FineTuningOptions? options = null, LabelledRows? validation = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new FineTuningOptions();
        if (validation is null)
        {
            var (train, held) = data.Split(options.ValidationShare > 0 ? options.ValidationShare : HeldOut, options.Seed);
            (data, validation) = (data.Take(train), data.Take(held));
        }
        var metric = TaskMetrics.WantedOrMain(data.Kind, options.Metric);
        var tried = new List<TunedCandidate>();
        foreach (var share in Rates)
        {
            var trial = options with { LearningRate = options.LearningRate * share, Epochs = 2 * options.EpochsFor(data.Rows.Count), Patience = 0 };
            using var task = FineTuning.FineTune(backbone, "trial", data, trial, validation, progress, cancellation);
            var record = task.Artifact.Training!.Options;
            tried.Add(new TunedCandidate(trial.LearningRate, int.Parse(record["best_epoch"]), metric.Compute(task.Measure(validation, null, cancellation))));
        }
        tried.Sort((a, b) => metric.IsBetter(a.Score, b.Score) ? -1 : metric.IsBetter(b.Score, a.Score) ? 1 : a.LearningRate.CompareTo(b.LearningRate));
        return (options with { LearningRate = tried[0].LearningRate, Epochs = tried[0].Epochs, ValidationShare = 0 }, tried);
    }
}
