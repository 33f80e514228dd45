using System.Globalization;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using Polymath.Tasks.Scope;

namespace Polymath.Adaptation;

/// <summary>Teaches a learned task to say "none of these".</summary>
public static class ScopeLearning
{
    /// <summary>
    /// The same task with a detector of rows that belong to none of its classes. The threshold keeps the asked share of
    /// <paramref name="validation"/>; without validation rows, of the training rows, each scored by a head that did not see it.
    /// </summary>
    /// <param name="task">A task of classes.</param>
    /// <param name="train">The rows that it was learned from.</param>
    /// <param name="validation">In-scope rows that it was not learned from, or null. Their labels are not read.</param>
    /// <param name="options">Scores, share to keep, seed.</param>
    /// <param name="progress">Told of the stages.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="PolymathException">The task is of another kind, has no training rows, or has no features although a score needs them.</exception>
    public static LearnedTask WithOutOfScope(this LearnedTask task, LabelledRows train, IReadOnlyList<Row>? validation = null, OutOfScopeOptions? options = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (task.Kind != TaskKind.Classification) throw new PolymathException($"task '{task.Name}' is of the kind {task.Kind.Name()}; only tasks of one class a row have rows that are out of scope");
        if (train.Rows.Count == 0) throw new PolymathException($"task '{task.Name}' was learned without rows; out-of-scope detection needs some");
        if (validation is null && task.Artifact.Weights is not null)
            throw new PolymathException($"task '{task.Name}': a trained network is sure of the rows it was trained on; out-of-scope detection needs in-scope rows that it did not see, to set the threshold on");
        var onFeatures = task.Scorer is FeatureScorer;
        options = (options ?? new OutOfScopeOptions()).For(onFeatures);
        if (!onFeatures && options.Scores.FirstOrDefault(score => score.ReadsFeatures()) is var needy && needy.ReadsFeatures())
            throw new PolymathException($"scope score {needy.Name()} needs the features of a backbone; this task has none: take probability, logit or energy");
        if (validation is not null)
        {
            var (x, logits) = Read(validation);
            var known = options.Scores.Any(score => score.ReadsFeatures()) ? Read(train.Rows).X : null;
            return task.With(OutOfScope.Fit(known, train.Labels, x, logits, train.Classes, options));
        }
        if (onFeatures) return task.With(OutOfScope.CrossFit(Read(train.Rows).X!, train.Labels, train.Classes, (x, labels) => Refit(task, x, labels, train.Classes, cancellation), options));
        return task.With(OutOfScope.Fit(null, train.Labels, null, HeldOutLogits(task, train, options.Seed, progress, cancellation), train.Classes, options));

        (FeatureMatrix? X, float[] Logits) Read(IReadOnlyList<Row> rows)
        {
            var windows = task.ScoreWithFeatures(rows, rows.Count, progress, cancellation).ToArray();
            return (onFeatures ? new FeatureMatrix([.. windows.SelectMany(window => window.X!.Values)], rows.Count, windows[0].X!.Columns) : null, [.. windows.SelectMany(window => window.Scores)]);
        }
    }

    /// <summary>A head of the task's own method and regularisation on other rows.</summary>
    private static LinearHead Refit(LearnedTask task, FeatureMatrix x, int[] labels, int classes, CancellationToken cancellation)
    {
        var options = task.Artifact.Training?.Options;
        switch (options?.GetValueOrDefault("head"))
        {
            case "nearest-mean":
                var means = new NearestClassMean(x.Columns);
                means.Add(x, labels);
                return means.ToHead(classes);
            case "lda":
                var statistics = new StreamingLda(x.Columns);
                statistics.Add(x, labels);
                return statistics.ToHead(classes);
            case "gradient":
                return GradientHead.Fit(x.Columns, classes, () => [(x, labels)], cancellation: cancellation);
            default:
                var c = double.TryParse(options?.GetValueOrDefault("c"), NumberStyles.Float, CultureInfo.InvariantCulture, out var chosen) ? chosen : 1;
                var weights = options?.GetValueOrDefault("balanced") == "true" ? LogisticRegression.BalancedWeights(labels, classes) : null;
                return LogisticRegression.Fit(x, labels, classes, new LogisticRegressionOptions { C = c, ClassWeights = weights, DoublePrecision = false, Tolerance = 1e-6 }, cancellation);
        }
    }

    /// <summary>For a task on words: every row's logits from a task that was learned from the other folds.</summary>
    private static float[] HeldOutLogits(LearnedTask task, LabelledRows train, int seed, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var folds = train.Folds(5, seed);
        var logits = new float[train.Rows.Count * train.Classes];
        for (var f = 0; f <= folds.Max(); f++)
        {
            int[] inside = [.. Enumerable.Range(0, folds.Length).Where(r => folds[r] != f)], outside = [.. Enumerable.Range(0, folds.Length).Where(r => folds[r] == f)];
            var other = TfidfBaseline.Learn(task.Name, train.Take(inside), Evaluation.Metric.Accuracy, seed, progress, cancellation: cancellation);
            var at = 0;
            foreach (var (_, scores) in other.Scorer.Score(outside.Select(r => train.Rows[r]), outside.Length, progress, cancellation))
                for (var i = 0; i < scores.Length; i += train.Classes) scores.AsSpan(i, train.Classes).CopyTo(logits.AsSpan(outside[at++] * train.Classes));
        }
        return logits;
    }
}
