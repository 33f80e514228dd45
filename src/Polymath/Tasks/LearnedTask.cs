using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tasks;

/// <summary>A task that has been learned: it predicts, is measured, and is saved to a library. Safe to use from many threads.</summary>
public sealed partial class LearnedTask : IDisposable
{
    internal LearnedTask(TaskArtifact artifact, IScorer scorer) => (Artifact, Scorer) = (artifact, scorer);

    /// <summary>Everything that is saved.</summary>
    public TaskArtifact Artifact { get; }

    /// <summary>The task's name.</summary>
    public string Name => Artifact.Name;

    /// <summary>What it predicts.</summary>
    public TaskKind Kind => Artifact.Kind;

    /// <summary>Its classes or labels; none where it predicts a number.</summary>
    public LabelMap Labels => field ??= new LabelMap(Artifact.Labels);

    internal IScorer Scorer { get; }

    /// <summary>Frees the weights that are the task's own, where training gave it some; the backbone it came from stays.</summary>
    public void Dispose()
    {
        if (Artifact.Weights is null) return;
        Scorer.Backbone?.Dispose();
        Artifact.Weights.Dispose();
    }

    /// <summary>Predicts texts, lazily and in order.</summary>
    public IEnumerable<Prediction> Predict(IEnumerable<string> texts, CancellationToken cancellation = default) =>
        Predict(texts.Select(text => new Row(text)), cancellation: cancellation);

    /// <summary>Predicts rows, lazily and in order.</summary>
    /// <param name="rows">Rows; labels are ignored.</param>
    /// <param name="total">Their number where known, for progress.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public IEnumerable<Prediction> Predict(IEnumerable<Row> rows, long? total = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var outputs = Kind == TaskKind.Regression ? 1 : Labels.Count;
        foreach (var (window, scores, scope) in WithScope(rows, total, progress, cancellation))
            for (var r = 0; r < window.Length; r++)
            {
                var answer = Answer(window[r], scores.AsSpan(r * outputs, outputs));
                yield return scope is null ? answer : answer with { ScopeScore = scope[r], InScope = Scope!.InScope(scope[r]) };
            }
    }

    /// <summary>Measures a task of classes on labelled rows.</summary>
    /// <exception cref="PolymathException">A row has no label, or one that the task does not know; or the task is of another kind (see <see cref="Measure"/>).</exception>
    public Outcomes Evaluate(LabelledRows data, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Measure(data, progress, cancellation) as Outcomes ?? throw new PolymathException($"task '{Name}' is of the kind {Kind.Name()}; its outcomes are not those of a classifier");

    /// <summary>Measures a task of any kind on rows whose truth is known.</summary>
    /// <exception cref="PolymathException">The rows are of another kind.</exception>
    public TaskOutcomes Measure(LabelledRows data, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (data.Kind != Kind) throw new PolymathException($"task '{Name}' is of the kind {Kind.Name()}, the rows are of the kind {data.Kind.Name()}");
        var scores = new List<float>(data.Rows.Count * data.Outputs);
        foreach (var (_, window) in Scorer.Score(data.Rows, data.Rows.Count, progress, cancellation)) scores.AddRange(window);
        return TaskMetrics.Score(data, [.. scores], Artifact.Thresholds);
    }

    /// <summary>Reads what is true of rows as this task needs it, with its map of labels.</summary>
    /// <exception cref="PolymathException">A row has no label, or one that the task does not know, or no number.</exception>
    public LabelledRows Number(IEnumerable<Row> rows) => LabelledRows.OfKind(rows, Kind, Labels);

    internal Prediction Answer(Row row, Span<float> scores)
    {
        if (Kind == TaskKind.Regression) return new Prediction(row, []) { Value = scores[0] };
        if (Kind != TaskKind.MultiLabel)
        {
            Head.SoftmaxInPlace(scores);
            return new Prediction(row, Rank(scores));
        }
        var ranked = Rank(MultiLabelRegression.Probabilities(scores));
        return new Prediction(row, ranked) { Labels = [.. ranked.Where(scored => scored.Probability >= (Artifact.Thresholds?[Labels.IdOf(scored.Label)] ?? 0.5))] };
    }

    private Scored[] Rank(ReadOnlySpan<float> probabilities)
    {
        var ranked = new Scored[probabilities.Length];
        for (var k = 0; k < ranked.Length; k++) ranked[k] = new Scored(Labels.Names[k], probabilities[k]);
        Array.Sort(ranked, (a, b) => b.Probability.CompareTo(a.Probability));
        return ranked;
    }
}
