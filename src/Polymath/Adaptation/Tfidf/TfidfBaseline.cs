using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>
/// TF-IDF and the linear head of the kind of task: no backbone at all. It stands beside every other method, so that nobody fools himself about what a backbone
/// adds, and it is a task in its own right where there is none.
/// </summary>
public static class TfidfBaseline
{
    /// <summary>1 / penalty of a ridge regression on rows of length one.</summary>
    private static readonly double[] RidgeGrid = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 16];

    /// <summary>Learns a task.</summary>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Labelled rows, at least two classes.</param>
    /// <param name="metric">What selection optimises.</param>
    /// <param name="seed">Decides the folds.</param>
    /// <param name="progress">Told of the search.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="PolymathException">Rows without a label, one class only, or texts without words.</exception>
    public static LearnedTask Learn(string name, IEnumerable<Row> rows, Metric metric = Metric.Accuracy, int seed = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Learn(name, LabelledRows.From(rows), metric, seed, progress, cancellation: cancellation);

    /// <summary>Learns a task of any kind.</summary>
    /// <param name="name">The task's name.</param>
    /// <param name="data">The rows.</param>
    /// <param name="metric">What selection optimises; null takes the kind's main metric.</param>
    /// <param name="seed">Decides the folds.</param>
    /// <param name="progress">Told of the search.</param>
    /// <param name="pairs">How two texts become one vector, where rows are pairs; null chooses between <see cref="PairEncoding.Joint"/> and <see cref="PairEncoding.Siamese"/>.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="PolymathException">Texts without words, or a metric that does not measure the kind.</exception>
    public static LearnedTask Learn(string name, LabelledRows data, Metric? metric = null, int seed = 0, IProgress<WorkProgress>? progress = null, PairEncoding? pairs = null,
        CancellationToken cancellation = default)
    {
        data.RequireHead();
        var measure = TaskMetrics.Choose(data.Kind, metric, data.Classes);
        var options = new TfidfClassifierOptions { Metric = measure, Seed = seed };
        if (data.Kind == TaskKind.Regression) options = options with { Grid = RidgeGrid };
        var model = TfidfModel.Fit(data, pairs, options, progress is null ? null : new Relay<double>(share => progress.Report(new WorkProgress("TF-IDF", (long)(share * 100), 100))), cancellation);
        var found = model.Found!;
        return new LearnedTask(new TaskArtifact
        {
            Name = name,
            Kind = data.Kind,
            Method = LearnedTask.TfidfMethod,
            Labels = data.Map.Names,
            HeadKind = data.Kind == TaskKind.Regression ? "ridge-regression" : "logistic-regression",
            PairEncoding = model.Pairs?.Name(),
            Thresholds = data.Kind != TaskKind.MultiLabel ? null : found.LeftOut.Length == 0 ? [.. Enumerable.Repeat(0.5, data.Classes)]
                : Thresholds.Choose(data.Marks, MultiLabelRegression.Probabilities(found.LeftOut), data.Classes),
            Terms = model.Features.Terms,
            TermWords = model.Features.Options.MaxWords,
            Arrays = [.. model.Arrays.Select(array => new NamedArray(array.Name, array.Shape, array.Values))],
            Training = new TrainingRecord(data.Rows.Count, seed) { Options = new Dictionary<string, string> { ["c"] = $"{found.C}", ["metric"] = measure.Name() } },
        }, new TfidfScorer(model));
    }
}
