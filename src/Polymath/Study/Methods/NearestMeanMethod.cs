using Polymath.Adaptation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>The class whose mean vector is nearest.</summary>
internal sealed class NearestMeanMethod : IStudyMethod
{
    public string Name => "nearest-mean";
    public string Title => "Nearest mean";
    public string Description => "The mean of the backbone's last layer for each class; a row belongs to the nearest. No training beyond one pass.";
    public string Settings => "last layer, 2";
    public bool NeedsBackbone => true;
    public bool TrainsEverything => false;
    public bool Supports(StudyTask task, int rows) => task.Kind == TaskKind.Classification;
    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) => speed.Factor * (0.02 + 1e-4 * (rows + testRows));

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.Measure(cell, readsFeatures: true,
        data => FeatureExtraction.ExtractFeatures(cell.RequiredBackbone, cell.Task.Name, data,
            new FeatureExtractionOptions { Head = HeadMethod.NearestMean, Layers = LayerMix.Last, Pairs = FeaturesMethod.Pairs(cell), Seed = cell.Seed, Store = cell.Store }, cell.Progress, cancellation), cancellation);
}
