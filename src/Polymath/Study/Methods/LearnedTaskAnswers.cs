using System.Diagnostics;
using System.Text;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Measures a method that makes a task of the training rows: learns, answers the test rows, counts what was learned.</summary>
internal static class LearnedTaskAnswers
{
    /// <summary>A task of classes, labels or values.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="readsFeatures">Whether each row costs a pass through the backbone that other cells have paid: that time is added as it was measured.</param>
    /// <param name="learn">Learns from the training rows.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static StudyResult Measure(StudyCell cell, bool readsFeatures, Func<LabelledRows, LearnedTask> learn, CancellationToken cancellation)
    {
        var ids = new LabelMap(cell.Task.Labels);
        var start = Stopwatch.GetTimestamp();
        using var task = learn(cell.TrainData);
        var learned = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        RowAnswer[] answers = [.. task.Predict(cell.TestRows, cancellation: cancellation).Select(prediction => Answer(prediction, ids))];
        return Count(cell, readsFeatures, task.Artifact, answers, learned, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>A task of tagged words.</summary>
    public static StudyResult MeasureTags(StudyCell cell, Func<IReadOnlyList<TaggedSentence>, Tagger> learn, CancellationToken cancellation)
    {
        var tags = TagSet.FromNames(cell.Task.Labels);
        var start = Stopwatch.GetTimestamp();
        var task = learn(cell.TrainSentences);
        var learned = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        RowAnswer[] answers = [.. task.Tag(cell.TestSentences, cancellation).Select(prediction => new RowAnswer([.. prediction.Tags.Select(tag => tags.TryGetId(tag, out var id) ? id : 0)], []))];
        return Count(cell, readsFeatures: false, task.Artifact, answers, learned, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static StudyResult Count(StudyCell cell, bool readsFeatures, TaskArtifact artifact, RowAnswer[] answers, double learned, double predicted)
    {
        var perRow = readsFeatures ? cell.Speed.SecondsPerRow(cell.Task) : 0;
        var own = artifact.Weights?.Count ?? 0;
        return new StudyResult
        {
            Answers = answers,
            Parameters = own + artifact.Arrays.Where(array => array.Name != "idf").Sum(array => (long)array.Values.Length),
            Bytes = sizeof(float) * own + artifact.Arrays.Sum(array => (long)array.Values.Length * sizeof(float)) + artifact.Terms.Sum(term => (long)Encoding.UTF8.GetByteCount(term) + 1),
            TrainSeconds = learned + perRow * cell.Train.Length,
            PredictSeconds = perRow + predicted / Math.Max(1, cell.Test.Length),
            Notes = Chosen(artifact),
        };
    }

    private static RowAnswer Answer(Prediction prediction, LabelMap ids)
    {
        if (prediction.Value is { } value) return RowAnswer.OfValue(value);
        if (prediction.Labels is not { } labels) return RowAnswer.OfClass(ids.IdOf(prediction.Label), prediction.Probability);
        var probabilities = new float[ids.Count];
        foreach (var scored in prediction.Ranked) probabilities[ids.IdOf(scored.Label)] = (float)scored.Probability;
        return new RowAnswer([.. labels.Select(scored => ids.IdOf(scored.Label)).Order()], probabilities);
    }

    /// <summary>"mean top2, C 5".</summary>
    private static string Chosen(TaskArtifact artifact)
    {
        string Choice(string key, string name) => artifact.Training?.Options.TryGetValue(key, out var value) == true && value != "NaN" ? $"{name} {value}" : "";
        string[] parts = [artifact.Weights is null && artifact.Layers is { } layers ? $"{artifact.Pooling} {layers}" : "", artifact.PairEncoding ?? "", Choice("c", "C"), Choice("penalty", "penalty"), Choice("epochs", "epochs"), Choice("pairs", "pairs")];
        return string.Join(", ", parts.Where(part => part.Length > 0));
    }
}
