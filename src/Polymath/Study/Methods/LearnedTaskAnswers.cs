using System.Diagnostics;
using System.Text;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Measures a method that makes a <see cref="LearnedTask"/> of the training rows.</summary>
internal static class LearnedTaskAnswers
{
    /// <summary>Learns, answers the test rows, and counts what was learned.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="readsFeatures">Whether each row costs a pass through the backbone. Cells share features, so that time is added as it was measured.</param>
    /// <param name="learn">Learns from labelled rows.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static StudyResult Measure(StudyCell cell, bool readsFeatures, Func<IReadOnlyList<Row>, LearnedTask> learn, CancellationToken cancellation)
    {
        var perRow = readsFeatures ? cell.Speed.SecondsPerRow(cell.Task) : 0;
        var ids = new LabelMap(cell.Task.Labels);
        var start = Stopwatch.GetTimestamp();
        var task = learn(cell.TrainRows);
        var learned = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        RowAnswer[] answers = [.. task.Predict(cell.TestRows, cancellation: cancellation).Select(p => RowAnswer.OfClass(ids.IdOf(p.Label), p.Probability))];
        var predicted = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var artifact = task.Artifact;
        var parameters = artifact.Arrays.Where(array => array.Name != "idf").Sum(array => (long)array.Values.Length);
        return new StudyResult
        {
            Answers = answers,
            Parameters = parameters,
            Bytes = artifact.Arrays.Sum(array => (long)array.Values.Length * sizeof(float)) + artifact.Terms.Sum(term => (long)Encoding.UTF8.GetByteCount(term) + 1),
            TrainSeconds = learned + perRow * cell.Train.Length,
            PredictSeconds = perRow + predicted / Math.Max(1, cell.Test.Length),
            Notes = Chosen(artifact),
        };
    }

    /// <summary>"mean top2, C 5".</summary>
    private static string Chosen(TaskArtifact artifact)
    {
        string[] parts = [artifact.Layers is { } layers ? $"{artifact.Pooling} {layers}" : "",
            artifact.Training?.Options.TryGetValue("c", out var c) == true && c != "NaN" ? $"C {c}" : ""];
        return string.Join(", ", parts.Where(part => part.Length > 0));
    }
}
