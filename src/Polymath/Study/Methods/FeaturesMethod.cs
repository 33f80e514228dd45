using Polymath.Adaptation;
using Polymath.Features;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Feature extraction: the backbone stays as it is, a linear model reads its layers. With one layer given it is a probe of that layer.</summary>
internal sealed class FeaturesMethod(int? layer = null) : IStudyMethod
{
    /// <summary>The layer that is probed, 0 after the embeddings; null for the method itself.</summary>
    public int? Layer => layer;

    public string Name => layer is { } number ? $"layer{number}" : "features";
    public string Title => layer is { } number ? $"Layer {number}" : "Features";
    public string Description => "The backbone stays as it is; a linear model (logistic or ridge regression) reads its layers, which are chosen by cross-validation on the training rows.";
    public string Settings => layer is { } number ? $"probe of layer {number}, 2" : "search, 2";
    public bool NeedsBackbone => true;
    public bool TrainsEverything => false;
    public bool Supports(StudyTask task, int rows) => true;

    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) => task.Kind == TaskKind.TokenClassification
        ? speed.Factor * (layer is null ? 0.012 : 0.003) * rows + speed.SecondsPerRow(task) * (rows + testRows)
        : speed.Factor * ((layer is null ? 0.1 : 0.03) + (layer is null ? 4e-4 : 2e-5) * rows * Math.Max(2, task.Labels.Count) * (task.Kind == TaskKind.MultiLabel ? 2 : 1)) * (task.Pairs ? 3 : 1);

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => cell.Task.Kind == TaskKind.TokenClassification
        ? LearnedTaskAnswers.MeasureTags(cell, sentences => Tagger.Learn(cell.RequiredBackbone, cell.Task.Name, sentences, Tagging(cell), cancellation), cancellation)
        : LearnedTaskAnswers.Measure(cell, readsFeatures: true, data => FeatureExtraction.ExtractFeatures(cell.RequiredBackbone, cell.Task.Name, data, Options(cell), cell.Progress, cancellation), cancellation);

    private FeatureExtractionOptions Options(StudyCell cell) => layer is { } number
        ? new FeatureExtractionOptions { Layers = LayerMix.Layer(number), Pairs = Pairs(cell), Folds = 3, Seed = cell.Seed, Store = cell.Store }
        : new FeatureExtractionOptions { Pooling = cell.RequiredBackbone.Sentence.Pooling, Pairs = Pairs(cell), Seed = cell.Seed, Store = cell.Store };

    private TaggingOptions Tagging(StudyCell cell) => layer is { } number
        ? new TaggingOptions { Layers = LayerMix.Layer(number), Neighbours = 0, Grid = [0.2], TransitionWeights = [1], Seed = cell.Seed }
        : new TaggingOptions { Grid = [0.05, 0.2], Folds = 2, Seed = cell.Seed };

    /// <summary>A sentence encoder reads the two texts of a pair apart, another network reads them together.</summary>
    internal static PairEncoding? Pairs(StudyCell cell) =>
        !cell.Task.Pairs ? null : cell.RequiredBackbone.Sentence.IsDescribed ? PairEncoding.Siamese : PairEncoding.Joint;
}
