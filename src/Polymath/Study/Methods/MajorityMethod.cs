using System.Diagnostics;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>Looks at no text: the most frequent class, the mean value, the labels that half of the rows have, no span.</summary>
internal sealed class MajorityMethod : IStudyMethod
{
    public string Name => "majority";
    public string Title => "Majority";
    public string Description => "Looks at no text: always the most frequent class, the mean value, the commonest labels, no span.";
    public string Settings => "1";
    public bool NeedsBackbone => false;
    public bool TrainsEverything => false;
    public bool Supports(StudyTask task, int rows) => rows > 0;
    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed) => 0.001;

    public StudyResult Run(StudyCell cell, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var (answer, learned) = Learn(cell.Task, cell.TrainTruth);
        return new StudyResult
        {
            Answers = [.. cell.Test.Select(row => answer ?? new RowAnswer(new int[cell.Task.Truth[row].Ids.Length], []))],
            Parameters = learned,
            Bytes = sizeof(float) * learned,
            TrainSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            PredictSeconds = 0,
        };
    }

    /// <summary>The answer to every row; null stands for the first tag, which is O, on every word.</summary>
    private static (RowAnswer? Answer, int Learned) Learn(StudyTask task, IReadOnlyList<RowAnswer> truth)
    {
        if (task.Kind == TaskKind.TokenClassification) return (null, 0);
        if (task.Kind == TaskKind.Regression) return (RowAnswer.OfValue(truth.Average(row => row.Numbers[0])), 1);
        var shares = new float[task.Labels.Count];
        foreach (var id in truth.SelectMany(row => row.Ids)) shares[id] += 1f / truth.Count;
        var commonest = Array.IndexOf(shares, shares.Max());
        if (task.Kind == TaskKind.Classification) return (RowAnswer.OfClass(commonest, shares[commonest]), shares.Length);
        int[] frequent = [.. Enumerable.Range(0, shares.Length).Where(id => shares[id] >= 0.5f)];
        return (new RowAnswer(frequent.Length > 0 ? frequent : [commonest], shares), shares.Length);
    }
}
