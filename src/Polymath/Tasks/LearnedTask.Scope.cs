using Polymath.Features;
using Polymath.Tasks.Scope;

namespace Polymath.Tasks;

public sealed partial class LearnedTask
{
    /// <summary>Tells rows that belong to none of the classes; null where the task does not.</summary>
    public OutOfScope? Scope { get; private init; }

    /// <summary>How much rows look like those that the task was learned from, in their order; below the detector's threshold they are out of scope.</summary>
    /// <exception cref="PolymathException">The task has no detector.</exception>
    public double[] ScoreScope(IEnumerable<Row> rows, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) => Scope is null
        ? throw new PolymathException($"task '{Name}' does not tell rows that are out of its scope; adapt it again with --out-of-scope")
        : [.. WithScope(rows, null, progress, cancellation).SelectMany(window => window.Scope!)];

    /// <summary>The same task with a detector in place of any it has.</summary>
    internal LearnedTask With(OutOfScope detector) => new(Artifact with
    {
        OutOfScope = detector.Record,
        Arrays = [.. Artifact.Arrays.Where(array => !array.Name.StartsWith(OutOfScope.Prefix, StringComparison.Ordinal)), .. detector.Arrays],
    }, Scorer)
    { Candidates = Candidates, Report = Report, ScalarMix = ScalarMix, Scope = detector };

    /// <summary>Rows in windows with their scores and, where they are wanted and there are any, their features.</summary>
    internal IEnumerable<(Row[] Rows, FeatureMatrix? X, float[] Scores)> ScoreWithFeatures(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation) =>
        Scorer is FeatureScorer features ? features.Read(rows, total, progress, cancellation) : Scorer.Score(rows, total, progress, cancellation).Select(window => (window.Rows, (FeatureMatrix?)null, window.Scores));

    private IEnumerable<(Row[] Rows, float[] Scores, double[]? Scope)> WithScope(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation) =>
        Scope is { } detector
            ? ScoreWithFeatures(rows, total, progress, cancellation).Select(window => (window.Rows, window.Scores, (double[]?)detector.Score(window.X, window.Scores, Labels.Count)))
            : Scorer.Score(rows, total, progress, cancellation).Select(window => (window.Rows, window.Scores, (double[]?)null));

    private LearnedTask Changed(TaskArtifact artifact) => new(artifact, Scorer) { Candidates = Candidates, Report = Report, ScalarMix = ScalarMix, Scope = Scope };

    private static OutOfScope? ScopeOf(TaskArtifact artifact, int? inputs)
    {
        if (artifact.OutOfScope is not { } record) return null;
        var detector = OutOfScope.Restore(record, artifact.Arrays);
        return detector.Inputs is null || detector.Inputs == inputs ? detector
            : throw new PolymathException($"task '{artifact.Name}': its out-of-scope tensors are {detector.Inputs} wide, but its head reads {(inputs is null ? "no features" : $"{inputs} values")}");
    }
}
