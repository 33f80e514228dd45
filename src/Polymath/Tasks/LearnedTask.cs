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

    /// <summary>Its labels.</summary>
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
        var classes = Labels.Count;
        foreach (var (window, scores) in Scorer.Score(rows, total, progress, cancellation))
            for (var r = 0; r < window.Length; r++)
            {
                var probabilities = scores.AsSpan(r * classes, classes);
                Head.SoftmaxInPlace(probabilities);
                yield return new Prediction(window[r], Rank(probabilities));
            }
    }

    /// <summary>Measures the task on labelled rows.</summary>
    /// <exception cref="PolymathException">A row has no label, or one that the task does not know.</exception>
    public Outcomes Evaluate(LabelledRows data, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var scores = new List<float>(data.Rows.Count * data.Classes);
        foreach (var (_, window) in Scorer.Score(data.Rows, data.Rows.Count, progress, cancellation)) scores.AddRange(window);
        return Outcomes.FromScores(data.Labels, [.. scores], data.Classes);
    }

    /// <summary>Numbers the labels of rows by this task's map.</summary>
    /// <exception cref="PolymathException">A row has no label, or one that the task does not know.</exception>
    public LabelledRows Number(IEnumerable<Row> rows) => LabelledRows.From(rows, Labels);

    private Scored[] Rank(ReadOnlySpan<float> probabilities)
    {
        var ranked = new Scored[probabilities.Length];
        for (var k = 0; k < ranked.Length; k++) ranked[k] = new Scored(Labels.Names[k], probabilities[k]);
        Array.Sort(ranked, (a, b) => b.Probability.CompareTo(a.Probability));
        return ranked;
    }
}
