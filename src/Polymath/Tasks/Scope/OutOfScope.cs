using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tasks.Scope;

/// <summary>
/// Says whether a row belongs to any of a task's classes: a score, and a threshold that keeps a given share of in-scope rows that the head
/// was not trained on. Immutable, safe for concurrent use.
/// </summary>
public sealed class OutOfScope
{
    /// <summary>What the names of all tensors begin with.</summary>
    internal const string Prefix = "scope.";

    private const string RowsName = Prefix + "rows", MeansName = Prefix + "means", WhiteningName = Prefix + "whitening";
    private readonly NearestRows? _nearest;
    private readonly ClassDistances? _distances;

    private OutOfScope(OutOfScopeRecord record, NearestRows? nearest, ClassDistances? distances)
    {
        (Record, _nearest, _distances) = (record, nearest, distances);
        Kinds = ScopeScores.Parse(record.Score);
    }

    /// <summary>The plain values that are kept in the task's file.</summary>
    public OutOfScopeRecord Record { get; }

    /// <summary>The scores that are combined.</summary>
    public IReadOnlyList<ScopeScore> Kinds { get; }

    /// <summary>Rows below are out of scope.</summary>
    public double Threshold => Record.Threshold;

    /// <summary>Whether features are needed besides the logits.</summary>
    public bool ReadsFeatures => Kinds.Any(kind => kind.ReadsFeatures());

    /// <summary>The width of the features that it reads; null where it reads logits alone.</summary>
    internal int? Inputs => _nearest?.Rows.Columns ?? _distances?.Means.Columns;

    /// <summary>The tensors that are kept beside the head's.</summary>
    public IReadOnlyList<NamedArray> Arrays
    {
        get
        {
            var arrays = new List<NamedArray>();
            void Add(string name, FeatureMatrix values) => arrays.Add(new NamedArray(name, [values.Rows, values.Columns], values.Values));
            if (_nearest is not null) Add(RowsName, _nearest.Rows);
            if (_distances is not null) Add(MeansName, _distances.Means);
            if (_distances is not null) Add(WhiteningName, _distances.Whitening);
            return arrays;
        }
    }

    /// <summary>Sets the threshold on validation rows.</summary>
    /// <param name="train">Features of the training rows; only read by scores that need features, null otherwise.</param>
    /// <param name="labels">Their classes.</param>
    /// <param name="validation">Features of in-scope rows that the head was not trained on; null where no score needs features.</param>
    /// <param name="validationLogits">Their logits, [rows, classes].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="options">Scores and the share to keep.</param>
    /// <exception cref="PolymathException">A keep rate out of range, or no validation row.</exception>
    public static OutOfScope Fit(FeatureMatrix? train, int[] labels, FeatureMatrix? validation, float[] validationLogits, int classes, OutOfScopeOptions? options = null)
    {
        options = (options ?? new OutOfScopeOptions()).For(features: train is not null);
        var (nearest, distances) = Parts(train, labels, options);
        return Finish(Raw(options.Scores, nearest, distances, validation, validationLogits, classes), nearest, distances, options);
    }

    /// <summary>
    /// Sets the threshold without validation rows: the training rows are cut into five folds, and each is scored by a head that was fitted
    /// to the other four, so that no row is judged by what learned it.
    /// </summary>
    /// <param name="x">Features of the training rows.</param>
    /// <param name="labels">Their classes.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="fit">Fits a head to some rows, the same way as the task's own.</param>
    /// <param name="options">Scores, share to keep, seed of the folds.</param>
    /// <exception cref="PolymathException">A keep rate out of range.</exception>
    public static OutOfScope CrossFit(FeatureMatrix x, int[] labels, int classes, Func<FeatureMatrix, int[], IHead> fit, OutOfScopeOptions? options = null)
    {
        options = (options ?? new OutOfScopeOptions()).For(features: true);
        var folds = Splits.Folds(labels, Math.Min(5, Math.Max(2, labels.Length)), options.Seed);
        var raw = options.Scores.Select(_ => new double[labels.Length]).ToArray();
        for (var f = 0; f <= folds.Max(); f++)
        {
            int[] inside = [.. Enumerable.Range(0, labels.Length).Where(r => folds[r] != f)], outside = [.. Enumerable.Range(0, labels.Length).Where(r => folds[r] == f)];
            var (train, held) = (x.Take(inside), x.Take(outside));
            int[] known = [.. inside.Select(r => labels[r])];
            var (nearest, distances) = Parts(train, known, options);
            var scores = Raw(options.Scores, nearest, distances, held, fit(train, known).Scores(held), classes);
            for (var s = 0; s < raw.Length; s++)
                for (var i = 0; i < outside.Length; i++) raw[s][outside[i]] = scores[s][i];
        }
        var (allNearest, allDistances) = Parts(x, labels, options);
        return Finish(raw, allNearest, allDistances, options);
    }

    /// <summary>Rebuilds the detector from what was kept.</summary>
    /// <exception cref="PolymathException">A part is missing or misshapen.</exception>
    public static OutOfScope Restore(OutOfScopeRecord record, IReadOnlyList<NamedArray> arrays)
    {
        var kinds = ScopeScores.Parse(record.Score);
        if (record.Means.Count != kinds.Count || record.Deviations.Count != kinds.Count || !record.Deviations.All(d => d > 0))
            throw new PolymathException($"the out-of-scope record has {record.Means.Count} means and {record.Deviations.Count} deviations, expected {kinds.Count} of each, deviations above 0");
        return new OutOfScope(record, kinds.Contains(ScopeScore.NearestRow) ? new NearestRows(Find(RowsName)) : null,
            kinds.Contains(ScopeScore.ClassDistance) ? new ClassDistances(Find(WhiteningName), Find(MeansName)) : null);

        FeatureMatrix Find(string name) => arrays.FirstOrDefault(array => array.Name == name) is { Shape: [var rows, var columns] } found
            ? new FeatureMatrix(found.Values, rows, columns) : throw new PolymathException($"the out-of-scope tensor '{name}' is missing or has not two dimensions");
    }

    /// <summary>The score of each row, higher for rows in scope.</summary>
    /// <param name="x">Features, [rows, inputs]; may be null where <see cref="ReadsFeatures"/> is false.</param>
    /// <param name="logits">Logits of the task's head, [rows, classes].</param>
    /// <param name="classes">The number of classes.</param>
    public double[] Score(FeatureMatrix? x, ReadOnlySpan<float> logits, int classes) => Combine(Raw(Kinds, _nearest, _distances, x, logits, classes), Record);

    /// <summary>Whether a row with this score belongs to one of the classes.</summary>
    public bool InScope(double score) => score >= Threshold;

    /// <summary>Measures scores of rows whose truth is known.</summary>
    /// <param name="inScope">Scores of rows of the task's classes.</param>
    /// <param name="outOfScope">Scores of rows of none of them.</param>
    public ScopeReport Measure(IReadOnlyList<double> inScope, IReadOnlyList<double> outOfScope)
    {
        bool[] positive = [.. inScope.Select(_ => true), .. outOfScope.Select(_ => false)];
        double[] scores = [.. inScope, .. outOfScope];
        return new ScopeReport(Ranking.RocAuc(positive, scores), (double)inScope.Count(InScope) / inScope.Count,
            (double)outOfScope.Count(score => !InScope(score)) / outOfScope.Count, inScope.Count, outOfScope.Count);
    }

    private static (NearestRows?, ClassDistances?) Parts(FeatureMatrix? train, int[] labels, OutOfScopeOptions options)
    {
        FeatureMatrix Needed() => train ?? throw new ArgumentException("these scores need the features of the training rows");
        return (options.Scores.Contains(ScopeScore.NearestRow) ? NearestRows.Fit(Needed()) : null,
            options.Scores.Contains(ScopeScore.ClassDistance) ? ClassDistances.Fit(Needed(), labels) : null);
    }

    private static double[][] Raw(IReadOnlyList<ScopeScore> kinds, NearestRows? nearest, ClassDistances? distances, FeatureMatrix? x, ReadOnlySpan<float> logits, int classes)
    {
        var raw = new double[kinds.Count][];
        for (var s = 0; s < raw.Length; s++)
        {
            if (kinds[s].ReadsFeatures() && x is null) throw new ArgumentException("these scores need the features of the rows");
            raw[s] = kinds[s] switch
            {
                ScopeScore.NearestRow => nearest!.Score(x!),
                ScopeScore.ClassDistance => distances!.Score(x!),
                var kind => LogitScores.Of(kind, logits, classes),
            };
        }
        return raw;
    }

    private static OutOfScope Finish(double[][] raw, NearestRows? nearest, ClassDistances? distances, OutOfScopeOptions options)
    {
        if (options.KeepRate is not (> 0 and < 1)) throw new PolymathException($"keep rate {options.KeepRate}: expected a share between 0 and 1, such as 0.95");
        var rows = raw[0].Length;
        if (rows == 0) throw new PolymathException("there is no row to set the out-of-scope threshold on");
        // A single score keeps its own unit, so that its threshold can be read.
        double[] means = [.. raw.Select(score => raw.Length == 1 ? 0 : score.Average())];
        double[] deviations = [.. raw.Select((score, s) => raw.Length == 1 ? 1 : Math.Max(1e-12, Math.Sqrt(score.Average(v => (v - means[s]) * (v - means[s])))))];
        var record = new OutOfScopeRecord(string.Join('+', options.Scores.Select(score => score.Name())), 0, options.KeepRate, rows, means, deviations);
        var scores = Combine(raw, record);
        Array.Sort(scores);
        return new OutOfScope(record with { Threshold = scores[(int)Math.Floor((1 - options.KeepRate) * rows)] }, nearest, distances);
    }

    private static double[] Combine(double[][] raw, OutOfScopeRecord record)
    {
        var scores = new double[raw[0].Length];
        for (var s = 0; s < raw.Length; s++)
            for (var r = 0; r < scores.Length; r++) scores[r] += (raw[s][r] - record.Means[s]) / record.Deviations[s] / raw.Length;
        return scores;
    }
}

/// <summary>What a task's file says about rows that belong to none of its classes.</summary>
/// <param name="Score">The scores by name, joined by '+'.</param>
/// <param name="Threshold">Rows below it are out of scope.</param>
/// <param name="KeepRate">The share of in-scope rows that it was set to keep.</param>
/// <param name="Rows">The number of rows that it was set on.</param>
/// <param name="Means">The mean of each score on them; 0 for a single score.</param>
/// <param name="Deviations">The standard deviation of each; 1 for a single score.</param>
public sealed record OutOfScopeRecord(string Score, double Threshold, double KeepRate, int Rows, IReadOnlyList<double> Means, IReadOnlyList<double> Deviations);
