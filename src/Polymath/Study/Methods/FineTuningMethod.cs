using Polymath.Adaptation;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Every weight trained from the pre-trained start.</summary>
internal sealed class FineTuningMethod : IStudyMethod
{
    /// <summary>Forward and backward of a training step take so many times a forward pass.</summary>
    internal const double StepsPerPass = 3.5;

    public string Name => "fine-tuning";
    public string Title => "Fine-tuning";
    public string Description => "Every weight of the backbone is trained from the pre-trained start; each task has a network of its own.";
    public string Settings => $"{new FineTuningOptions()}";
    public bool NeedsBackbone => true;
    public bool TrainsEverything => true;
    public bool Supports(StudyTask task, int rows) => task.Kind != TaskKind.TokenClassification;

    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) =>
        1 + speed.SecondsPerRow(task) * (StepsPerPass * rows * new FineTuningOptions().EpochsFor(rows) + testRows);

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.Measure(cell, readsFeatures: false,
        data => FineTuning.FineTune(cell.RequiredBackbone, cell.Task.Name, data, new FineTuningOptions { Seed = cell.Seed }, progress: cell.Progress, cancellation: cancellation), cancellation);
}
