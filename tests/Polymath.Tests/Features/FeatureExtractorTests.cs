using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>Packed execution on a tiny network: any batch equals one by one, any thread, any number of times.</summary>
public class FeatureExtractorTests
{
    private static Network Network(string folder = "bert-mlm")
    {
        var path = TestFiles.Golden("models", folder);
        using var checkpoint = Checkpoint.Open(path);
        return Families.Load(NetworkConfig.Read(Path.Combine(path, "config.json")), checkpoint, ScalarType.Float32, trainable: false, withHead: false);
    }

    private static int[][] Rows(ulong seed, int count, int longest)
    {
        var random = new Evaluation.SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 1 + random.Next(longest)).Select(_ => 5 + random.Next(120)).ToArray())];
    }

    /// <summary>All hidden states of each row, in the caller's order.</summary>
    private static float[][] Run(Network network, int[][] rows, AttentionLayout layout = AttentionLayout.Grouped)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var batch = PackedBatch.Create(rows, null, layout);
        var states = network.Hidden(batch, _ => true).Select(state => state!.data<float>().ToArray()).ToArray();
        var width = network.Config.Width;
        var result = new float[rows.Length][];
        for (var packed = 0; packed < rows.Length; packed++)
            result[batch.Order[packed]] = [.. states.SelectMany(state => state[(batch.Offsets[packed] * width)..(batch.Offsets[packed + 1] * width)])];
        return result;
    }

    [Theory]
    [InlineData("bert-mlm"), InlineData("roberta-mlm"), InlineData("distilbert-mlm"), InlineData("electra-mlm"), InlineData("mpnet-mlm")]
    public void A_mixed_batch_equals_one_row_at_a_time_and_the_padded_way(string folder)
    {
        using var network = Network(folder);
        foreach (var seed in new ulong[] { 1, 2, 3 })
        {
            var rows = Rows(seed, 40, 20);
            var packed = Run(network, rows);
            var padded = Run(network, rows, AttentionLayout.Padded);
            for (var r = 0; r < rows.Length; r++)
            {
                Near(Run(network, [rows[r]])[0], packed[r]);
                Near(packed[r], padded[r]);
            }
        }
    }

    [Fact]
    public void Two_identical_runs_give_identical_bits()
    {
        using var network = Network();
        var rows = Rows(4, 60, 30);
        Assert.Equal(Run(network, rows), Run(network, rows));
    }

    [Fact]
    public void Eight_threads_on_one_network_give_the_answers_of_one()
    {
        using var network = Network();
        var batches = Enumerable.Range(0, 8).Select(i => Rows((ulong)i, 20, 20)).ToArray();
        var expected = Array.ConvertAll(batches, batch => Run(network, batch));
        var found = new float[8][][];
        var threads = Enumerable.Range(0, 8).Select(i => new Thread(() =>
        {
            for (var round = 0; round < 20; round++) found[i] = Run(network, batches[i]);
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        for (var i = 0; i < 8; i++)
            for (var r = 0; r < expected[i].Length; r++) Near(expected[i][r], found[i][r]);
    }

    [Fact]
    public void A_thousand_calls_leave_no_tensor_behind()
    {
        using var network = Network();
        var rows = Rows(5, 10, 12);
        Run(network, rows);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var call = 0; call < 1000; call++) Run(network, rows);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_network_and_its_tensors_go_away_together()
    {
        Network().Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++) Network().Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Blocks_above_the_highest_wanted_layer_are_not_run_and_unwanted_layers_are_not_kept()
    {
        using var network = Network();
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create(Rows(6, 4, 5));
        var states = network.Hidden(batch, layer => layer == 1);
        Assert.Equal([false, true, false, false], states.Select(state => state is not null));
    }

    [Fact]
    public void Pooling_equals_its_definition()
    {
        using var network = Network();
        using var scope = NewDisposeScope();
        var rows = Rows(7, 12, 9);
        using var batch = PackedBatch.Create(rows);
        var hidden = network.Last(batch);
        var found = new float[3][][];
        for (var p = 0; p < 3; p++) found[p] = [.. rows.Select(_ => new float[network.Config.Width])];
        Pooler.Pool(hidden, batch, [Pooling.Mean, Pooling.Cls, Pooling.Max], (row, pooling) => found[pooling][row]);
        for (var packed = 0; packed < rows.Length; packed++)
        {
            var tokens = hidden.narrow(0, batch.Offsets[packed], batch.Offsets[packed + 1] - batch.Offsets[packed]);
            var row = batch.Order[packed];
            Near(tokens.mean([0]).data<float>().ToArray(), found[0][row]);
            Near(tokens[0].data<float>().ToArray(), found[1][row]);
            Near(tokens.amax([0]).data<float>().ToArray(), found[2][row]);
        }
    }

    [Fact]
    public void Layers_mix_as_they_are_written()
    {
        float[] layers = [1, 2, 3, 4, 5, 9]; // three layers, two wide
        float[] Mix(string text)
        {
            var mix = LayerMix.Parse(text);
            Assert.Equal(text == "top1" ? "last" : text, mix.ToString());
            var mixed = new float[mix.Width(2)];
            mix.Apply(layers, 2, mixed);
            return mixed;
        }
        Assert.Equal([5, 9], Mix("last"));
        Assert.Equal([5, 9], Mix("top1"));
        Assert.Equal([1, 2], Mix("layer0"));
        Assert.Equal([4, 6.5f], Mix("top2"));
        Assert.Equal([5, 9, 3, 4], Mix("concat2"));
        Assert.Throws<PolymathException>(() => LayerMix.Parse("top0"));
        Assert.Throws<PolymathException>(() => LayerMix.Parse("upper"));
        Assert.Throws<PolymathException>(() => LayerMix.MeanOfTop(4).Check(2));
        LayerMix.MeanOfTop(3).Check(2);
    }

    private static void Near(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        var scale = expected.Max(MathF.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(MathF.Abs(expected[i] - found[i]) / scale, 0, 1e-5f);
    }
}
