using System.Diagnostics;
using CsCheck;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tests;

public class StreamingHeadTests
{
    [Fact]
    public void Order_merging_and_removal_leave_no_trace() => Gen.Int[0, 1000].Sample(seed =>
    {
        var (x, y) = Synthetic.Clusters(60, 5, 3, 2, (ulong)seed);
        var random = new SeededRandom((ulong)seed + 1);
        var batch = new StreamingLda(5);
        batch.Add(x, y);
        StreamingLda left = new(5), right = new(5);
        var order = Enumerable.Range(0, 60).ToArray();
        random.Shuffle<int>(order);
        foreach (var i in order) (random.Next(2) == 0 ? left : right).Add(x.Row(i), y[i]);
        var (extra, labels) = Synthetic.Clusters(20, 5, 3, 2, (ulong)seed + 2);
        for (var i = 0; i < 20; i++) left.Add(extra.Row(i), labels[i]);
        left.Merge(right);
        for (var i = 0; i < 20; i++) left.Remove(extra.Row(i), labels[i]);
        Same(batch.ToHead(), left.ToHead(), 1e-4);
        Assert.Equal(batch.Rows, left.Rows);
        Same(left.ToHead(), StreamingLda.Restore(left.Save()).ToHead(), 0);
    }, iter: 20, threads: 1);

    [Fact]
    public void Discriminant_analysis_is_the_ratio_of_gaussians()
    {
        var (x, y) = Synthetic.Clusters(300, 4, 3, 1.5, 2);
        var lda = new StreamingLda(4);
        lda.Add(x, y);
        var scores = lda.ToHead(shrinkage: 0).Scores(x);
        // ln p(k) − ½ (x − μ)ᵀ Σ⁻¹ (x − μ), with Σ⁻¹ from Gauss-Jordan elimination of the pooled covariance.
        var (means, counts) = (new double[3, 4], new int[3]);
        for (var i = 0; i < 300; i++)
        {
            counts[y[i]]++;
            for (var j = 0; j < 4; j++) means[y[i], j] += x.Row(i)[j];
        }
        for (var k = 0; k < 3; k++)
            for (var j = 0; j < 4; j++) means[k, j] /= counts[k];
        var covariance = new double[4, 4];
        for (var i = 0; i < 300; i++)
            for (var a = 0; a < 4; a++)
                for (var b = 0; b < 4; b++) covariance[a, b] += (x.Row(i)[a] - means[y[i], a]) * (x.Row(i)[b] - means[y[i], b]) / 297;
        var inverse = Inverse(covariance);
        for (var i = 0; i < 300; i++)
            for (var k = 1; k < 3; k++) Assert.Equal(LogDensity(i, k) - LogDensity(i, 0), scores[i * 3 + k] - scores[i * 3], 1e-3);

        double LogDensity(int i, int k)
        {
            var sum = Math.Log(counts[k] / 300.0);
            for (var a = 0; a < 4; a++)
                for (var b = 0; b < 4; b++) sum -= 0.5 * (x.Row(i)[a] - means[k, a]) * inverse[a, b] * (x.Row(i)[b] - means[k, b]);
            return sum;
        }
    }

    [Fact]
    public void Nearest_class_mean_chooses_the_nearest_mean()
    {
        var (x, y) = Synthetic.Clusters(200, 6, 4, 1, 4);
        var means = new NearestClassMean(6);
        means.Add(x, y);
        var predicted = means.ToHead().Predict(x);
        var centres = Enumerable.Range(0, 4).Select(k => Enumerable.Range(0, 6).Select(j => Enumerable.Range(0, 200).Where(i => y[i] == k).Average(i => (double)x.Row(i)[j])).ToArray()).ToArray();
        for (var i = 0; i < 200; i++)
        {
            var row = x.Row(i).ToArray();
            Assert.Equal(Enumerable.Range(0, 4).MinBy(k => centres[k].Zip(row).Sum(p => (p.First - p.Second) * (p.First - p.Second))), predicted[i]);
        }
        var again = NearestClassMean.Restore(means.Save());
        again.Add(x.Row(0), 5);
        again.Remove(x.Row(0), 5);
        Same(means.ToHead(6), again.ToHead(), 1e-5);
        Assert.All(again.ToHead().Predict(x), k => Assert.InRange(k, 0, 3));
        Assert.Throws<InvalidOperationException>(() => again.Remove(x.Row(0), 5));
    }

    [Fact]
    public void A_new_class_is_learned_from_a_few_rows_even_where_features_outnumber_rows()
    {
        var (x, y) = Synthetic.Clusters(260, 384, 6, 1, 5);
        var old = Enumerable.Range(0, 260).Where(i => y[i] < 5).ToArray();
        var fresh = Enumerable.Range(0, 260).Where(i => y[i] == 5).ToArray();
        var lda = new StreamingLda(384);
        lda.Add(x.Take(old), [.. old.Select(i => y[i])]);
        Assert.Equal(5, lda.ToHead().Classes);
        var watch = Stopwatch.StartNew();
        foreach (var i in fresh.Take(5)) lda.Add(x.Row(i), 5);
        var head = lda.ToHead();
        TestContext.Current.SendDiagnosticMessage($"a new class from 5 rows of 384 features: {watch.Elapsed.TotalMilliseconds:F1} ms");
        Assert.All(head.Predict(x.Take([.. fresh.Skip(5)])), k => Assert.Equal(5, k));
    }

    [Fact]
    public void A_head_trained_in_blocks_comes_close_to_the_optimum_and_the_seed_decides()
    {
        var (x, y) = Synthetic.Clusters(600, 10, 3, 0.4, 6);
        for (var i = 0; i < x.Values.Length; i++) x.Values[i] = x.Values[i] * (1 + i % 10 * 10) + 100; // badly scaled on purpose
        IEnumerable<(FeatureMatrix, int[])> Source()
        {
            for (var start = 0; start < 600; start += 150) yield return (x.Take([.. Enumerable.Range(start, 150)]), y[start..(start + 150)]);
        }
        var head = GradientHead.Fit(10, 3, Source, new GradientHeadOptions { Epochs = 20, LearningRate = 0.05, WeightDecay = 0 });
        var best = LogisticRegression.Fit(x, y, 3, new LogisticRegressionOptions { C = 100 });
        double Loss(IHead h) => Metric.LogLoss.Compute(Outcomes.FromScores(y, h.Scores(x), 3));
        Assert.InRange(Loss(head), Loss(best) - 1e-4, Loss(best) * 1.03);
        var options = new GradientHeadOptions { Epochs = 1, Seed = 3 };
        Assert.Equal(GradientHead.Fit(10, 3, Source, options).Weights, GradientHead.Fit(10, 3, Source, options).Weights);
        Assert.NotEqual(GradientHead.Fit(10, 3, Source, options).Weights, GradientHead.Fit(10, 3, Source, options with { Seed = 4 }).Weights);
    }

    [Fact]
    public void The_majority_head_answers_with_frequencies_and_comes_back()
    {
        var head = MajorityHead.Fit([2, 2, 2, 0], 3, 7);
        var x = new FeatureMatrix(new float[14], 2, 7);
        Assert.Equal([2, 2], head.Predict(x));
        var p = head.Probabilities(x);
        Assert.Equal(3.5 / 5.5, p[2], 1e-6);
        Assert.Equal(0.5 / 5.5, p[1], 1e-6);
        Assert.Equal(p, Head.Restore(head.Kind, head.Arrays).Probabilities(x));
    }

    [Fact]
    public void The_support_vector_machine_is_the_reference_optimum()
    {
        var expected = ClassicalReference.Facts.EnumerateObject().First(p => p.Name.StartsWith("linear_svc", StringComparison.Ordinal)).Value;
        var svm = LinearSvm.Fit(ClassicalReference.X, [.. ClassicalReference.Y.Select(k => k == 0)]);
        var coefficients = expected.GetProperty("coefficients").Numbers();
        for (var j = 0; j < 10; j++) Assert.Equal(coefficients[j], svm.Weights[j], 1e-5);
        Assert.Equal(expected.GetProperty("intercept").GetDouble(), svm.Bias, 1e-5);
        Assert.Equal(svm.Bias + svm.Weights.Zip(ClassicalReference.X.Row(3).ToArray()).Sum(p => p.First * p.Second), svm.Margins(ClassicalReference.X)[3], 1e-9);
    }

    private static void Same(LinearHead a, LinearHead b, double tolerance)
    {
        for (var i = 0; i < a.Weights.Length; i++) Assert.Equal(a.Weights[i], b.Weights[i], tolerance * (1 + Math.Abs(a.Weights[i])));
        for (var k = 0; k < a.Classes; k++) Assert.Equal(a.Bias[k], b.Bias[k], tolerance * (1 + Math.Abs(a.Bias[k])));
    }

    private static double[,] Inverse(double[,] matrix)
    {
        var n = matrix.GetLength(0);
        var work = (double[,])matrix.Clone();
        var inverse = new double[n, n];
        for (var i = 0; i < n; i++) inverse[i, i] = 1;
        for (var p = 0; p < n; p++)
        {
            var pivot = work[p, p]; // positive definite: no exchange needed
            for (var j = 0; j < n; j++) { work[p, j] /= pivot; inverse[p, j] /= pivot; }
            for (var i = 0; i < n; i++)
            {
                if (i == p) continue;
                var factor = work[i, p];
                for (var j = 0; j < n; j++) { work[i, j] -= factor * work[p, j]; inverse[i, j] -= factor * inverse[p, j]; }
            }
        }
        return inverse;
    }
}
