using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>
/// TF-IDF and logistic regression: no backbone at all. It stands beside every other method, so that nobody fools himself about what a backbone
/// adds, and it is a task in its own right where there is none.
/// </summary>
public static class TfidfBaseline
{
    /// <summary>Learns a task.</summary>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Labelled rows, at least two classes.</param>
    /// <param name="metric">What selection optimises.</param>
    /// <param name="seed">Decides the folds.</param>
    /// <param name="progress">Told of the search.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="PolymathException">Rows without a label, one class only, or texts without words.</exception>
    public static LearnedTask Learn(string name, IEnumerable<Row> rows, Metric metric = Metric.Accuracy, int seed = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var data = LabelledRows.From(rows);
        var classifier = TfidfClassifier.Fit([.. data.Rows.Select(TfidfScorer.Text)], data.Labels, data.Classes, new TfidfClassifierOptions { Metric = metric, Seed = seed },
            progress is null ? null : new Relay<double>(share => progress.Report(new WorkProgress("TF-IDF", (long)(share * 100), 100))), cancellation);
        return new LearnedTask(new TaskArtifact
        {
            Name = name,
            Kind = TaskKind.Classification,
            Method = LearnedTask.TfidfMethod,
            Labels = data.Map.Names,
            HeadKind = "logistic-regression",
            Terms = classifier.Features.Terms,
            TermWords = classifier.Features.Options.MaxWords,
            Arrays = [.. classifier.Arrays.Select(array => new NamedArray(array.Name, array.Shape, array.Values))],
            Training = new TrainingRecord(data.Rows.Count, seed) { Options = new Dictionary<string, string> { ["c"] = $"{classifier.C}", ["metric"] = metric.Name() } },
        }, new TfidfScorer(classifier));
    }
}
