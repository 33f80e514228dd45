using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using Polymath.Tasks.Scope;

namespace Polymath.Tests;

/// <summary>Rows that belong to none of the classes.</summary>
public sealed class OutOfScopeTests
{
    private static readonly string[] All = ["probability", "logit", "energy", "nearest-row", "class-distance", "logit+nearest-row", "energy+class-distance"];

    public static TheoryData<string> Names => [.. All];

    [Theory]
    [MemberData(nameof(Names))]
    public void At_least_the_asked_share_is_kept_and_strange_rows_are_caught(string name)
    {
        var (train, labels) = Blobs(90, 1);
        var (validation, validationLabels) = Blobs(61, 2);
        var head = LogisticRegression.Fit(train, labels, 3);
        foreach (var rate in new[] { 0.5, 0.9, 0.95, 0.999 })
        {
            var detector = OutOfScope.Fit(train, labels, validation, head.Scores(validation), 3, new OutOfScopeOptions { Scores = ScopeScores.Parse(name), KeepRate = rate });
            var scores = detector.Score(validation, head.Scores(validation), 3);
            var kept = scores.Count(detector.InScope);
            Assert.True(kept >= rate * validationLabels.Length, $"{name}: {kept} of {validationLabels.Length}");
            Assert.True(kept <= Math.Ceiling(rate * validationLabels.Length) + 1);
        }
        var strange = Around([0, 0, 0, 0], 60, 3); // in the middle of the classes
        var at95 = OutOfScope.Fit(train, labels, validation, head.Scores(validation), 3, new OutOfScopeOptions { Scores = ScopeScores.Parse(name) });
        var report = at95.Measure(at95.Score(validation, head.Scores(validation), 3), at95.Score(strange, head.Scores(strange), 3));
        Assert.True(report.Auroc > 0.97, $"{name}: {report}");
        Assert.True(report.Caught > 0.8 && report.Kept >= 0.95, $"{name}: {report}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_kept_gives_the_same_scores(string name)
    {
        var (train, labels) = Blobs(60, 1);
        IHead Fit(FeatureMatrix x, int[] y) => LogisticRegression.Fit(x, y, 3);
        var detector = OutOfScope.CrossFit(train, labels, 3, Fit, new OutOfScopeOptions { Scores = ScopeScores.Parse(name), KeepRate = 0.9, Seed = 2 });
        var again = OutOfScope.Restore(detector.Record, detector.Arrays);
        Assert.Equal(detector.ReadsFeatures, detector.Arrays.Count > 0);
        var (x, _) = Blobs(20, 5);
        var logits = Fit(train, labels).Scores(x);
        Assert.Equal(detector.Score(x, logits, 3), again.Score(x, logits, 3));
        Assert.Equal(60, detector.Record.Rows);
        if (detector.ReadsFeatures) Assert.Throws<PolymathException>(() => OutOfScope.Restore(detector.Record, []));
        Assert.Throws<PolymathException>(() => OutOfScope.Restore(detector.Record with { Means = [] }, detector.Arrays));
    }

    [Fact]
    public void Cross_fitting_judges_no_row_by_what_learned_it()
    {
        var (train, labels) = Blobs(45, 1);
        var seen = new List<int>();
        OutOfScope.CrossFit(train, labels, 3, (x, y) => { seen.Add(x.Rows); return LogisticRegression.Fit(x, y, 3); }, new OutOfScopeOptions { Scores = [ScopeScore.NearestRow] });
        Assert.Equal([36, 36, 36, 36, 36], seen);
        // A row is its own nearest neighbour; out of fold it is not.
        var detector = OutOfScope.CrossFit(train, labels, 3, (x, y) => LogisticRegression.Fit(x, y, 3), new OutOfScopeOptions { Scores = [ScopeScore.NearestRow], KeepRate = 0.01 });
        Assert.True(detector.Threshold < 1 - 1e-6);
    }

    [Fact]
    public void Scores_by_hand()
    {
        var detector = OutOfScope.Fit(null, [], null, [2, 0, 0, 1, 3, 3], 2, new OutOfScopeOptions { Scores = [ScopeScore.Logit], KeepRate = 0.6 });
        Assert.Equal(1, detector.Record.Deviations[0]); // a single score keeps its unit
        Assert.Equal([2, 1, 3], detector.Score(null, [2, 0, 0, 1, 3, 3], 2));
        Assert.Equal(2, detector.Threshold);
        var report = detector.Measure([3, 2, 1], [1, 0]);
        Assert.Equal((5 + 0.5) / 6, report.Auroc, 12);
        Assert.Equal((2.0 / 3, 1.0), (report.Kept, report.Caught));
        var energy = OutOfScope.Fit(null, [], null, [0, 0], 2, new OutOfScopeOptions { Scores = [ScopeScore.Energy] });
        Assert.Equal(Math.Log(2), energy.Score(null, [0, 0], 2)[0], 12);
        Assert.Equal(0.5, OutOfScope.Fit(null, [], null, [4, 4], 2, new OutOfScopeOptions { Scores = [ScopeScore.Probability] }).Threshold, 12);
    }

    [Theory]
    [InlineData("beauty", "beauty")]
    [InlineData("logit+logit", "twice")]
    public void Unknown_scores_are_refused(string text, string word) => Assert.Contains(word, Assert.Throws<PolymathException>(() => ScopeScores.Parse(text)).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void A_share_lies_between_0_and_1(double rate) =>
        Assert.Contains("keep rate", Assert.Throws<PolymathException>(() => OutOfScope.Fit(null, [], null, [1, 2], 2, new OutOfScopeOptions { KeepRate = rate })).Message);

    /// <summary>Three classes, each around a corner of its own.</summary>
    private static (FeatureMatrix X, int[] Labels) Blobs(int rows, ulong seed)
    {
        int[] labels = [.. Enumerable.Range(0, rows).Select(r => r % 3)];
        float[] values = [.. labels.SelectMany((label, r) => Around([label == 0 ? 6 : 0, label == 1 ? 6 : 0, label == 2 ? 6 : 0, 3], 1, seed * 1000 + (ulong)r).Values)];
        return (new FeatureMatrix(values, rows, 4), labels);
    }

    private static FeatureMatrix Around(float[] centre, int rows, ulong seed)
    {
        var random = new SeededRandom(seed);
        return new FeatureMatrix([.. Enumerable.Range(0, rows).SelectMany(_ => centre.Select(value => value + (float)random.NextGaussian() * 0.7f))], rows, centre.Length);
    }
}
