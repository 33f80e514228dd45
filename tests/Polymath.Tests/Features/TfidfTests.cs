using System.Diagnostics;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tests;

public class TfidfTests
{
    [Fact]
    public void Weights_follow_the_smooth_definition()
    {
        string[] texts = ["the cat sat", "the the dog", "a cat"];
        var tfidf = Tfidf.Fit(texts, new TfidfOptions { MaxWords = 1, Sublinear = true });
        Assert.Equal(["a", "cat", "dog", "sat", "the"], tfidf.Terms);
        Assert.Equal(Math.Log(4 / 3.0) + 1, tfidf.Idf[1], 1e-6);
        Assert.Equal(Math.Log(4 / 2.0) + 1, tfidf.Idf[2], 1e-6);
        var rows = tfidf.Transform(["the the dog unknown", "", "nothing known"]);
        double dog = Math.Log(2) + 1, the = (1 + Math.Log(2)) * (Math.Log(4 / 3.0) + 1), norm = Math.Sqrt(dog * dog + the * the);
        Assert.Equal([2, 4], rows.Columns);
        Assert.Equal(dog / norm, rows.Values[0], 1e-6);
        Assert.Equal(the / norm, rows.Values[1], 1e-6);
        Assert.Equal([0, 2, 2, 2], rows.Starts);
    }

    [Fact]
    public void Terms_are_words_and_neighbouring_pairs_that_occur_often_enough()
    {
        Assert.Equal(["a", "a b", "b", "b c", "c"], Tfidf.Fit(["A b, c!"]).Terms);
        Assert.Equal(["b"], Tfidf.Fit(["a b", "b c"], new TfidfOptions { MinTexts = 2 }).Terms);
        Assert.Equal(["don", "t", "naïve", "x_1", "東", "京", "tower"], Tfidf.Words("Don't naïve x_1 東京Tower"));
    }

    [Fact]
    public void The_sparse_solver_finds_the_dense_optimum()
    {
        var (x, y) = Synthetic.Clusters(150, 12, 4, 1, 3);
        for (var i = 0; i < x.Values.Length; i++)
            if (i % 3 == 0) x.Values[i] = 0;
        foreach (var c in new[] { 0.1, 3 })
        {
            var dense = LogisticRegression.Fit(x, y, 4, new LogisticRegressionOptions { C = c });
            var sparse = new SparseLinearModel(Sparse(x), new SparseSoftmax(y, 4), default);
            sparse.Solve(c, 1e-9);
            for (var k = 0; k < 4; k++)
                for (var j = 0; j < 12; j++) Assert.Equal(dense.Weights[k * 12 + j], sparse.Weights[j * 4 + k], 2e-3);
        }
    }

    [Fact]
    public void A_classifier_comes_back_from_its_arrays_bit_for_bit_and_training_is_repeatable()
    {
        string[] texts = [.. Enumerable.Range(0, 60).Select(i => $"{(i % 3 == 0 ? "red apple" : i % 3 == 1 ? "green leaf" : "blue sky")} number {i}")];
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => i % 3)];
        var first = TfidfClassifier.Fit(texts, labels, 3);
        Assert.Equal(labels, first.Predict(texts));
        Assert.Empty(first.Predict([]));
        Assert.Equal(first.Scores(texts), TfidfClassifier.Fit(texts, labels, 3).Scores(texts));
        Assert.Equal(first.Scores(texts), TfidfClassifier.Restore(first.Features.Terms, first.Features.Options, first.Arrays).Scores(texts));
        Assert.Contains("expected [2", Assert.Throws<PolymathException>(() => TfidfClassifier.Restore(["a", "b"], new TfidfOptions(), first.Arrays)).Message);
        Assert.InRange(TfidfClassifier.Fit(texts, labels, 3, new TfidfClassifierOptions { MaxWeights = 40 }).Features.Terms.Count, 3, 13);
        Assert.Contains("no term", Assert.Throws<PolymathException>(() => TfidfClassifier.Fit(["!", "?"], [0, 1], 2)).Message);
    }

    [Theory]
    [InlineData("trec", 0.886)]
    [InlineData("subj", 0.868, Explicit = true)]
    [InlineData("cr", 0.825)]
    [InlineData("clinc150", 0.900, Explicit = true)]
    public void Real_data_are_classified_as_well_as_by_the_reference(string name, double expected)
    {
        var (texts, names) = Csv(TestFiles.Shared("data", name, "train.csv"));
        var (test, testNames) = Csv(TestFiles.Shared("data", name, "test.csv"));
        string[] classes = [.. names.Distinct().Order(StringComparer.Ordinal)];
        var (watch, busy) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
        var classifier = TfidfClassifier.Fit(texts, [.. names.Select(n => Array.BinarySearch(classes, n, StringComparer.Ordinal))], classes.Length);
        int[] labels = [.. testNames.Select(n => Array.BinarySearch(classes, n, StringComparer.Ordinal))];
        var accuracy = Metric.Accuracy.Compute(Outcomes.FromScores(labels, classifier.Scores(test), classes.Length));
        TestContext.Current.SendDiagnosticMessage($"{name}: {accuracy:P2}, C {classifier.C}, {classifier.Features.Terms.Count} terms, {watch.Elapsed.TotalSeconds:F1} s, {(Process.GetCurrentProcess().TotalProcessorTime - busy).TotalSeconds:F1} s of processor time");
        Assert.True(accuracy >= expected, $"{accuracy:P2}");
    }

    internal static SparseRows Sparse(FeatureMatrix x)
    {
        var (starts, columns, values) = (new int[x.Rows + 1], new List<int>(), new List<float>());
        for (var i = 0; i < x.Rows; i++)
        {
            for (var j = 0; j < x.Columns; j++)
                if (x.Row(i)[j] != 0) { columns.Add(j); values.Add(x.Row(i)[j]); }
            starts[i + 1] = columns.Count;
        }
        return new SparseRows(starts, [.. columns], [.. values], x.Columns);
    }

    internal static (string[] Texts, string[] Labels) Csv(string path)
    {
        // No text of these files holds a line break, and no label a comma.
        var rows = File.ReadLines(path).Skip(1).Select(line => (Text: line[..line.LastIndexOf(',')], Label: line[(line.LastIndexOf(',') + 1)..])).ToArray();
        return ([.. rows.Select(r => r.Text.Trim('"').Replace("\"\"", "\""))], [.. rows.Select(r => r.Label)]);
    }
}
