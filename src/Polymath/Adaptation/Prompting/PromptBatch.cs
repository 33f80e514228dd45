using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>Rows of many prompt tasks in one pass of their common model.</summary>
public static class PromptBatch
{
    /// <summary>Predicts rows of different tasks together: all their requests go to the model in one call.</summary>
    /// <param name="rows">Tasks of the method <c>prompt</c> on one language model, each with a row; in any order.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The predictions in the order of the rows, the same as each task alone gives.</returns>
    /// <exception cref="PolymathException">A task is of another method, or belongs to another language model.</exception>
    public static IReadOnlyList<Prediction> Predict(IReadOnlyList<(LearnedTask Task, Row Row)> rows, CancellationToken cancellation = default)
    {
        var requests = new List<ScoringRequest>();
        var parts = new List<(LearnedTask Task, PromptScorer Scorer, int[] Rows, Range Requests)>();
        foreach (var group in Enumerable.Range(0, rows.Count).GroupBy(r => rows[r].Task))
        {
            var scorer = group.Key.Scorer as PromptScorer ?? throw new PolymathException($"task '{group.Key.Name}' is of the method {group.Key.Artifact.Method}; expected tasks of the method {LearnedTask.PromptMethod}");
            if (parts.Count > 0 && !ReferenceEquals(parts[0].Scorer.Model.Scorer, scorer.Model.Scorer))
                throw new PolymathException($"tasks '{parts[0].Task.Name}' and '{group.Key.Name}' ask different language models; expected tasks restored on one");
            int[] own = [.. group];
            var start = requests.Count;
            requests.AddRange(scorer.Ask([.. own.Select(r => rows[r].Row)], null, cancellation));
            parts.Add((group.Key, scorer, own, start..requests.Count));
        }
        var predictions = new Prediction[rows.Count];
        if (parts.Count == 0) return predictions;
        var answers = parts[0].Scorer.Model.Scorer.LogProbabilities(requests, cancellation).ToArray();
        foreach (var (task, scorer, own, range) in parts)
        {
            var scores = scorer.Read(answers[range]);
            for (var r = 0; r < own.Length; r++) predictions[own[r]] = task.Answer(rows[own[r]].Row, scores.AsSpan(r * task.Labels.Count, task.Labels.Count));
        }
        return predictions;
    }
}
