using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>Training of the network itself in <c>adapt</c>: one method, its choices, and what a search found once.</summary>
/// <param name="backbone">The encoder to start from.</param>
/// <param name="name">The task's name.</param>
/// <param name="fineTuning">Choices for fine-tuning; null for contrastive training.</param>
/// <param name="contrastive">Choices for contrastive training.</param>
/// <param name="validation">Rows that choose the best epoch; null for none.</param>
/// <param name="tune">Whether rate and epochs are searched first.</param>
internal sealed class NetworkTraining(Backbone backbone, string name, FineTuningOptions? fineTuning, ContrastiveOptions contrastive, LabelledRows? validation, bool tune)
{
    private bool _searched;

    /// <summary>What the search tried, best first; empty without one.</summary>
    public IReadOnlyList<TunedCandidate> Tried { get; private set; } = [];

    /// <summary>Trains on rows; the first call searches, where that was asked for, and later ones use what it found.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public LearnedTask Learn(LabelledRows rows, int seed, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        if (fineTuning is null) return backbone.TrainContrastively(name, rows, contrastive with { Seed = seed }, progress, cancellation);
        if (tune && !_searched) (fineTuning, Tried) = FineTuningSearch.Tune(backbone, rows, fineTuning, validation, progress, cancellation);
        _searched = true;
        return backbone.FineTune(name, rows, fineTuning with { Seed = seed }, validation, progress, cancellation);
    }

    /// <summary>The best validation score that a training recorded; NaN where there was no validation.</summary>
    public static double Validated(LearnedTask task) =>
        task.Artifact.Training?.Options.TryGetValue("validation", out var scores) == true ? scores.Split(' ').Max(double.Parse) : double.NaN;
}
