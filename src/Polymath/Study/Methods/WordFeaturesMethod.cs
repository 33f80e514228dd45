using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Tags words by their letters, shapes and neighbours; no backbone.</summary>
internal sealed class WordFeaturesMethod : IStudyMethod
{
    public string Name => "word-features";
    public string Title => "Word features";
    public string Description => "For tagging: spelling, shape and neighbours of each word, then logistic regression; needs no model.";
    public string Settings => "1";
    public bool NeedsBackbone => false;
    public bool TrainsEverything => false;
    public bool Supports(StudyTask task, int rows) => task.Kind == TaskKind.TokenClassification;
    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) => speed.Factor * (0.05 + 0.02 * rows);

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.MeasureTags(cell,
        sentences => Tagger.LearnWords(cell.Task.Name, sentences, new TaggingOptions { Seed = cell.Seed }, cancellation), cancellation);
}
