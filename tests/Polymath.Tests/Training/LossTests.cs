using System.Text.Json;
using Polymath.Backbones;
using Polymath.Features;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

public sealed class LossTests
{
    [Theory]
    [InlineData("cross_entropy")]
    [InlineData("label_smoothing")]
    public void LossesAndGradientsAreTheReferences(string name)
    {
        var compared = 0;
        foreach (var c in JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("training", "losses.json"))).RootElement.EnumerateArray().Where(c => c.GetProperty("loss").GetString() == name))
        {
            using var scope = NewDisposeScope();
            int[] labels = [.. c.GetProperty("labels").EnumerateArray().Select(v => v.GetInt32())];
            var student = Matrix(c.GetProperty("student")).requires_grad_();
            var loss = new CrossEntropyLoss(labels, name == "label_smoothing" ? c.GetProperty("epsilon").GetDouble() : 0);
            int[] rows = [.. Enumerable.Range(0, labels.Length)];
            var value = loss.Sum(student, rows) / loss.Weight(rows);
            value.backward();
            Assert.Equal(c.GetProperty("value").GetDouble(), value.ToDouble(), 1e-6);
            Assert.True((student.grad! - Matrix(c.GetProperty("gradient"))).abs().max().ToDouble() < 1e-6);
            compared++;
        }
        Assert.True(compared >= 3);
    }

    [Fact]
    public void ClassWeightsCountARowSeveralTimes()
    {
        var scores = rand([4, 3], generator: new Generator(1));
        int[] labels = [0, 1, 2, 1];
        var weighted = new CrossEntropyLoss(labels, 0.1, [1, 3, 1]);
        var repeated = new CrossEntropyLoss([0, 1, 1, 1, 2, 1, 1, 1], 0.1);
        int[] twice = [0, 1, 1, 1, 2, 3, 3, 3];
        var expected = repeated.Sum(scores.index_select(0, tensor(twice.Select(r => (long)r).ToArray())), [.. Enumerable.Range(0, 8)]).ToDouble() / 8;
        Assert.Equal(expected, weighted.Sum(scores, [0, 1, 2, 3]).ToDouble() / weighted.Weight([0, 1, 2, 3]), 1e-6);
    }

    [Fact]
    public void BinaryAndSquaredLossesAreTheirFormulas()
    {
        float[] targets = [1, 0, 0, 1], scores = [0.3f, -1.2f, 2, 0.1f];
        double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
        var expected = Enumerable.Range(0, 4).Sum(i => -(targets[i] * Math.Log(Sigmoid(scores[i])) + (1 - targets[i]) * Math.Log(1 - Sigmoid(scores[i])))) / 2;
        Assert.Equal(expected, new BinaryCrossEntropyLoss(targets, 2).Sum(tensor(scores, [2, 2]), [0, 1]).ToDouble(), 1e-6);
        Assert.Equal((0.7 * 0.7 + 1.2 * 1.2) / 0.25, new SquaredLoss(targets).Sum(tensor(scores[..2], [2, 1]), [0, 1]).ToDouble(), 1e-6);
    }

    [Theory]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.Cls)]
    [InlineData(Pooling.Max)]
    public void PoolingWithAGradientIsThePoolingWithout(Pooling pooling)
    {
        using var batch = PackedBatch.Create([[1, 2, 3, 4], [5], [6, 7], [8, 9, 10, 11]]);
        var hidden = rand([batch.Tokens, 6], generator: new Generator(3));
        var rows = new float[4 * 6];
        Pooler.Pool(hidden, batch, [pooling], (row, _) => rows.AsSpan(row * 6, 6));
        var pooled = Pooled.Rows(hidden, batch, pooling).data<float>().ToArray();
        for (var r = 0; r < 4; r++)
            for (var k = 0; k < 6; k++) Assert.Equal(rows[batch.Order[r] * 6 + k], pooled[r * 6 + k], 1e-6f);
    }

    [Theory]
    [InlineData(PairEncoding.Siamese)]
    [InlineData(PairEncoding.SiameseFull)]
    public void TwoTextsWithAGradientAreTheTwoTextsWithout(PairEncoding encoding)
    {
        float[] u = [0.3f, -1, 2, 0.5f], v = [1, 0.2f, -0.7f, 0.1f];
        var texts = tensor((float[])[.. u, .. v], [2, 4]);
        float[] cosines = [PairEncodings.Cosine(u, v), 0.25f];
        Assert.Equal(cosines[0], Pooled.Cosines(texts).ToSingle(), 1e-6f);
        var expected = new float[encoding.Width(4, 2)];
        var found = Pooled.Pairs(texts, tensor(cosines, [1, 2]), encoding).data<float>().ToArray();
        PairEncodings.Join(encoding, u, v, cosines, expected);
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < found.Length; i++) Assert.Equal(expected[i], found[i], 1e-5f);
    }

    [Fact]
    public void DropoutKeepsTheMeanAndFollowsFromItsSeed()
    {
        var x = ones(1000, 20);
        Tensor Draw(ulong seed) { using var dropout = new Dropout(0.25, seed); return dropout.Apply(x); }
        Assert.Equal(1, Draw(1).mean().ToDouble(), 0.02);
        Assert.Equal(0.25, (Draw(1) == 0).to(ScalarType.Float32).mean().ToDouble(), 0.01);
        Assert.Equal(Draw(1).data<float>().ToArray(), Draw(1).data<float>().ToArray());
        Assert.NotEqual(Draw(1).data<float>().ToArray(), Draw(2).data<float>().ToArray());
    }

    [Fact]
    public void EveryEpochSeesEveryRowOnceInAnotherOrder()
    {
        var order = new RowOrder(10, 4, seed: 3);
        Assert.Equal(3, order.StepsPerEpoch);
        int[] Epoch(int e) => [.. Enumerable.Range(e * 3, 3).SelectMany(step => order.Rows(step))];
        Assert.Equal(Enumerable.Range(0, 10), Epoch(0).Order());
        Assert.NotEqual(Epoch(0), Epoch(1));
        Assert.Equal(Epoch(1), Enumerable.Range(3, 3).SelectMany(step => new RowOrder(10, 4, seed: 3).Rows(step)));
        Assert.NotEqual(Epoch(0), Enumerable.Range(0, 3).SelectMany(step => new RowOrder(10, 4, seed: 4).Rows(step)));
    }

    private static Tensor Matrix(JsonElement rows)
    {
        float[][] values = [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetSingle()).ToArray())];
        return tensor(values.SelectMany(v => v).ToArray(), [values.Length, values[0].Length]);
    }
}
