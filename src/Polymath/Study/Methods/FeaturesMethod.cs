using Polymath.Adaptation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Feature extraction: the backbone stays as it is, logistic regression reads its layers. With one layer given it is a probe of that layer.</summary>
internal sealed class FeaturesMethod(int? layer = null) : IStudyMethod
{
    /// <summary>The layer that is probed, 0 after the embeddings; null for the method itself.</summary>
    public int? Layer => layer;

    public string Name => layer is { } number ? $"layer{number}" : "features";
    public string Title => layer is { } number ? $"Layer {number}" : "Features";
    public string Description => "The backbone stays as it is; logistic regression on its layers, chosen by cross-validation on the training rows.";
    public string Settings => layer is { } number ? $"probe of layer {number}, 1" : "search, 1";
    public bool NeedsBackbone => true;
    public bool TrainsEverything => false;
    public bool Supports(StudyTask task, int rows) => task.Kind == TaskKind.Classification;

    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) =>
        speed.Factor * (0.1 + (layer is null ? 8e-4 : 1e-4) * rows * Math.Max(2, task.Labels.Count));

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.Measure(cell, readsFeatures: true,
        rows => FeatureExtraction.ExtractFeatures(cell.RequiredBackbone, cell.Task.Name, rows, Options(cell), cell.Progress, cancellation), cancellation);

    private FeatureExtractionOptions Options(StudyCell cell) => layer is { } number
        ? new FeatureExtractionOptions { Layers = LayerMix.Layer(number), Grid = [0.05, 1, 20], Folds = 3, Seed = cell.Seed, Store = cell.Store }
        : new FeatureExtractionOptions { Pooling = cell.RequiredBackbone.Sentence.Pooling, Seed = cell.Seed, Store = cell.Store };
}
