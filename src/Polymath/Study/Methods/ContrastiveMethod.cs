using Polymath.Adaptation;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Pairs of rows train the encoder, then a head is fitted: for few rows.</summary>
internal sealed class ContrastiveMethod : IStudyMethod
{
    public string Name => "contrastive";
    public string Title => "Contrastive";
    public string Description => "For few rows: pairs of rows train the backbone to bring rows of a class together, then a linear model reads it; each task has a network of its own.";
    public string Settings => $"{new ContrastiveOptions()}";
    public bool NeedsBackbone => true;
    public bool TrainsEverything => true;
    public bool ForFewRows => true;
    public bool Supports(StudyTask task, int rows) => task is { Kind: TaskKind.Classification, Pairs: false };

    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed)
    {
        var options = new ContrastiveOptions();
        var texts = 2.0 * Math.Min(options.MaxPairs, (long)options.PairsPerRow * rows);
        return 1 + speed.SecondsPerRow(task) * (FineTuningMethod.StepsPerPass * texts + testRows);
    }

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.Measure(cell, readsFeatures: false,
        data => Contrastive.TrainContrastively(cell.RequiredBackbone, cell.Task.Name, data, new ContrastiveOptions { Seed = cell.Seed }, cell.Progress, cancellation), cancellation);
}
