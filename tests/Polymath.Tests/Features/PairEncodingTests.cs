using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Tests;

public class PairEncodingTests
{
    [Theory]
    [InlineData(PairEncoding.Siamese, 10)]
    [InlineData(PairEncoding.SiameseFull, 18)]
    public void Two_vectors_become_products_differences_and_a_cosine(PairEncoding encoding, int width)
    {
        float[] u = [3, 0, 4, 0], v = [0, 0, 2, 0], pair = new float[encoding.Width(4, 2)];
        Assert.Equal(0.8, PairEncodings.Cosine(u, v), 1e-6);
        Assert.Equal(0, PairEncodings.Cosine(u, new float[4]));
        PairEncodings.Join(encoding, u, v, [0.8f, -1], pair);
        Assert.Equal(width, pair.Length);
        // Both at length √4 = 2: u = (1.2, 0, 1.6, 0), v = (0, 0, 2, 0); a fifth of what they give, and twice the cosines.
        float[] expected = [0, 0, 0.64f, 0, 0.24f, 0, 0.08f, 0, 1.6f, -2, 0.24f, 0, 0.32f, 0, 0, 0, 0.4f, 0];
        for (var i = 0; i < width; i++) Assert.Equal(expected[i], pair[i], 1e-5);
    }

    [Theory]
    [InlineData(PairEncoding.Siamese)]
    [InlineData(PairEncoding.SiameseFull)]
    public void Sparse_rows_are_joined_as_dense_ones(PairEncoding encoding)
    {
        var features = Tfidf.Fit(["a b c", "b c d", "e"]);
        var (u, v) = (features.Transform(["a b", "c d", "unknown"]), features.Transform(["b c", "c d", "e"]));
        var joined = SparsePairs.Join(encoding, u, v);
        var width = features.Terms.Count;
        Assert.Equal((3, encoding.Width(width, 1)), (joined.Rows, joined.Width));
        for (var r = 0; r < 3; r++)
        {
            Assert.Equal(joined.Columns[joined.Starts[r]..joined.Starts[r + 1]].Order(), joined.Columns[joined.Starts[r]..joined.Starts[r + 1]]);
            float[] a = Dense(u, r), b = Dense(v, r), pair = Dense(joined, r);
            for (var j = 0; j < width; j++)
            {
                Assert.Equal(a[j] * b[j], pair[j], 1e-6);
                Assert.Equal(Math.Abs(a[j] - b[j]), pair[width + j], 1e-6);
                if (encoding == PairEncoding.SiameseFull) Assert.Equal((a[j], b[j]), (pair[2 * width + 1 + j], pair[3 * width + 1 + j]));
            }
            Assert.Equal(r switch { 0 => a.Zip(b, (x, y) => x * y).Sum(), 1 => 1, _ => 0 }, pair[2 * width], 1e-5);
        }
    }

    [Fact]
    public void Names_come_back_and_others_are_refused()
    {
        foreach (var encoding in Enum.GetValues<PairEncoding>()) Assert.Equal(encoding, PairEncodings.Parse(encoding.Name()));
        Assert.Contains("siamese-full", Assert.Throws<PolymathException>(() => PairEncodings.Parse("twin")).Message);
    }

    [Fact]
    public void Sameness_of_words_is_learned_from_texts_read_apart_and_not_from_words_together()
    {
        // Label: whether both texts have the same word. Every word occurs with both labels.
        static Row[] Rows(int from, int count) => [.. Enumerable.Range(from, count).Select(i =>
            new Row($"{TinyModel.Words[60 + i % 30]} is here") { Pair = $"i see {TinyModel.Words[60 + (i % 2 == 0 ? i : i + 7) % 30]}", Label = i % 2 == 0 ? "same" : "other" })];
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        Row[] train = Rows(0, 120), test = Rows(1000, 60);
        foreach (var task in new[] { TfidfBaseline.Learn("words", LabelledRows.From(train)), FeatureExtraction.ExtractFeatures(backbone, "pairs", train) })
        {
            Assert.StartsWith("siamese", task.Artifact.PairEncoding);
            Assert.True(Metric.Accuracy.Compute(task.Evaluate(task.Number(test))) > 0.9, task.Artifact.Method);
            // Saved, loaded, asked about one window and more: the same answers.
            task.Artifact.Save(folder[task.Name]);
            var again = LearnedTask.Restore(TaskArtifact.Load(folder[task.Name]), task.Artifact.Backbone is null ? null : backbone);
            Assert.Equal(task.Predict(test).Select(p => p.Probability), again.Predict(test).Select(p => p.Probability));
            Row[] many = [.. Enumerable.Range(0, 1100).Select(i => test[i % 60])];
            Assert.Equal(many, again.Predict(many).Select(p => p.Row));
            Assert.Contains("compares two", Assert.Throws<PolymathException>(() => again.Predict(["alone"]).ToList()).Message);
        }
    }

    private static float[] Dense(SparseRows rows, int row)
    {
        var dense = new float[rows.Width];
        for (var e = rows.Starts[row]; e < rows.Starts[row + 1]; e++) dense[rows.Columns[e]] += rows.Values[e];
        return dense;
    }
}
