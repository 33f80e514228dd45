using Polymath.Adaptation;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Counted words and logistic regression; no backbone.</summary>
internal sealed class TfidfMethod : IStudyMethod
{
    public string Name => "tfidf";
    public string Title => "TF-IDF";
    public string Description => "Counts words and pairs of words, then a linear model of them (logistic or ridge regression); needs no model.";
    public string Settings => "1";
    public bool NeedsBackbone => false;
    public bool TrainsEverything => false;
    public bool Supports(StudyTask task, int rows) => task.Kind != TaskKind.TokenClassification;

    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) =>
        speed.Factor * (0.01 + 2e-6 * rows * Math.Max(2, task.Labels.Count) * AverageWords(task));

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.Measure(cell, readsFeatures: false,
        data => TfidfBaseline.Learn(cell.Task.Name, data, seed: cell.Seed, progress: cell.Progress, cancellation: cancellation), cancellation);

    private static double AverageWords(StudyTask task) => task.Rows.Average(row => row.Text.Length + (row.Pair?.Length ?? 0)) / 6;
}
