using System.Globalization;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Adaptation;

/// <summary>A task that learned more.</summary>
/// <param name="Task">The task as it is now; classes that it knew keep their numbers, new ones follow.</param>
/// <param name="NewLabels">Labels that it did not know.</param>
/// <param name="Added">Whether the rows were added to those it had learned from; otherwise it learned from the given rows alone.</param>
public sealed record ExtendedTask(LearnedTask Task, IReadOnlyList<string> NewLabels, bool Added);

/// <summary>
/// New rows, and new classes, for a task that was learned before. Nearest-mean and LDA heads are sums over rows, which the task keeps: new rows
/// are added to them, exactly as if all had been learned together. Logistic regression and TF-IDF keep no sums, so they need the old rows
/// beside the new ones; logistic regression starts from the old head and keeps layers, pooling and C.
/// </summary>
public static class TaskExtension
{
    /// <summary>Whether new rows alone are enough; otherwise old and new rows must be given together.</summary>
    /// <exception cref="PolymathException">The task was learned in a way that cannot be extended.</exception>
    public static bool AddsRows(TaskArtifact artifact) => (artifact.Method, HeadOf(artifact)) switch
    {
        _ when artifact.Kind != TaskKind.Classification => throw new PolymathException($"task '{artifact.Name}' is a {artifact.Kind.Name()} task; only tasks with one class a row can be extended, so learn it again from all rows"),
        _ when artifact.OutOfScope is not null => throw new PolymathException($"task '{artifact.Name}' tells rows that are out of scope by a threshold, which new rows would change; learn it again from all rows"),
        (LearnedTask.FeaturesMethod, "nearest-mean" or "lda") when artifact.Statistics.Count > 0 => true,
        (LearnedTask.FeaturesMethod, "nearest-mean" or "lda") => throw new PolymathException($"task '{artifact.Name}' does not hold the sums that new rows are added to; learn it again from all rows"),
        (LearnedTask.FeaturesMethod, "logistic-regression") or (LearnedTask.TfidfMethod, _) => false,
        _ => throw new PolymathException($"task '{artifact.Name}' was learned by {artifact.Method} ({HeadOf(artifact) ?? artifact.HeadKind}), which cannot be extended; learn it again from all rows"),
    };

    /// <summary>Extends a task.</summary>
    /// <param name="task">The task; it stays as it is.</param>
    /// <param name="rows">New labelled rows, or old and new ones together; see <see cref="AddsRows"/>.</param>
    /// <param name="name">The name of the extended task; null keeps the name.</param>
    /// <param name="seed">Decides the folds of TF-IDF.</param>
    /// <param name="progress">Told of the stages.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="PolymathException">A row has no label, old rows are missing, or the task cannot be extended.</exception>
    public static ExtendedTask Extend(LearnedTask task, IEnumerable<Row> rows, string? name = null, int seed = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Row[] given = [.. rows];
        var adds = AddsRows(task.Artifact);
        var map = Union(task.Labels, given);
        var data = LabelledRows.From(given, map);
        string[] added = [.. map.Names.Skip(task.Labels.Count)];
        if (!adds && Enumerable.Range(0, map.Count).FirstOrDefault(k => !data.Labels.Contains(k), -1) is >= 0 and var absent)
            throw new PolymathException($"task '{task.Name}': none of the {given.Length} rows has its label '{OneLine.Short(map.Names[absent])}'; {(task.Artifact.Method == LearnedTask.TfidfMethod ? "TF-IDF" : "logistic regression")} needs old and new rows together "
                + "(tasks with --head lda or nearest-mean take new rows alone)");
        name ??= task.Name;
        if (task.Artifact.Method == LearnedTask.TfidfMethod) return new ExtendedTask(TfidfBaseline.Learn(name, data, MetricOf(task.Artifact), seed, progress, ((TfidfScorer)task.Scorer).Model.Pairs, cancellation), added, Added: false);
        var scorer = (FeatureScorer)task.Scorer;
        var artifact = task.Artifact with { Name = name, Labels = map.Names, Metrics = new Dictionary<string, double>() };
        artifact = adds ? WithRows(artifact, scorer, data, progress, cancellation) : Refitted(artifact, scorer, data, progress, cancellation);
        return new ExtendedTask(LearnedTask.Restore(artifact, scorer.Backbone, scorer.Options.Store), added, adds);
    }

    /// <summary>What the task was optimised for.</summary>
    internal static Metric MetricOf(TaskArtifact artifact) => artifact.Training?.Options.GetValueOrDefault("metric") is { } metric ? Metrics.Parse(metric) : Metric.Accuracy;

    /// <summary>Old labels keep their numbers; new ones follow in their usual order.</summary>
    internal static LabelMap Union(LabelMap known, IEnumerable<Row> rows) =>
        new([.. known.Names, .. LabelMap.FromLabels(rows.Select(row => row.Label).OfType<string>().Where(label => !known.TryGetId(label, out _))).Names]);

    private static string? HeadOf(TaskArtifact artifact) => artifact.Training?.Options.GetValueOrDefault("head");

    private static TaskArtifact WithRows(TaskArtifact artifact, FeatureScorer scorer, LabelledRows data, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        LinearHead head;
        IReadOnlyList<(string, int[], double[])> statistics;
        if (HeadOf(artifact) == "lda")
        {
            var lda = StreamingLda.Restore(artifact.Statistics);
            foreach (var (x, labels) in Blocks(scorer, data, progress, cancellation)) lda.Add(x, labels);
            (head, statistics) = (lda.ToHead(data.Classes), lda.Save());
        }
        else
        {
            var means = NearestClassMean.Restore(artifact.Statistics);
            foreach (var (x, labels) in Blocks(scorer, data, progress, cancellation)) means.Add(x, labels);
            (head, statistics) = (means.ToHead(data.Classes), means.Save());
        }
        return WithHead(artifact, head) with { Statistics = statistics, Training = artifact.Training! with { Rows = artifact.Training.Rows + data.Rows.Count } };
    }

    private static TaskArtifact Refitted(TaskArtifact artifact, FeatureScorer scorer, LabelledRows data, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var inputs = scorer.Recipe.Width(scorer.Backbone);
        var values = new List<float>(data.Rows.Count * inputs);
        foreach (var (x, _) in Blocks(scorer, data, progress, cancellation)) values.AddRange(x.Values);
        var options = artifact.Training!.Options;
        var old = (LinearHead)scorer.Head;
        var head = LogisticRegression.Fit(new FeatureMatrix([.. values], data.Rows.Count, inputs), data.Labels, data.Classes, new LogisticRegressionOptions
        {
            C = options.TryGetValue("c", out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out var c) ? c : 1,
            ClassWeights = options.GetValueOrDefault("balanced") == "true" ? LogisticRegression.BalancedWeights(data.Labels, data.Classes) : null,
            Start = new LinearHead([.. old.Weights, .. new float[(data.Classes - old.Classes) * inputs]], [.. old.Bias, .. new float[data.Classes - old.Classes]], inputs),
            Tolerance = 1e-7,
        }, cancellation);
        return WithHead(artifact, head) with
        {
            Training = artifact.Training with { Rows = data.Rows.Count, Options = options.Where(option => option.Key != "cross_validated").ToDictionary(option => option.Key, option => option.Value) },
        };
    }

    private static TaskArtifact WithHead(TaskArtifact artifact, LinearHead head) =>
        artifact with { HeadKind = head.Kind, Arrays = [.. head.Arrays.Select(array => new NamedArray(array.Name, array.Shape, array.Values))] };

    /// <summary>Features as the task reads them, with their labels.</summary>
    private static IEnumerable<(FeatureMatrix X, int[] Labels)> Blocks(FeatureScorer scorer, LabelledRows data, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var at = 0;
        var extractor = new FeatureExtractor(scorer.Backbone, scorer.Options with { Poolings = [scorer.Recipe.Pooling] });
        foreach (var (rows, x) in FeatureReader.Read(extractor, scorer.Backbone, scorer.Recipe, data.Rows, data.Rows.Count, progress, cancellation))
        {
            yield return (x, data.Labels[at..(at + rows.Length)]);
            at += rows.Length;
        }
    }
}
