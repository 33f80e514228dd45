using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Generation;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>One token after another on plain floats, by remembered tensors, and in one packed pass: the same function.</summary>
public sealed class FewTokensTests : IDisposable
{
    private static readonly int[][] Prompts = [[20, 31, 8, 90], [55], [7, 7, 100, 64, 33, 12, 87, 45, 21, 19, 70]];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("qwen2")]
    public void Give_the_states_of_a_packed_pass(string kind)
    {
        var exact = Steps(kind, ScalarType.Float32, trainable: false, out var reference);
        Assert.InRange(Gap(exact, reference), 0, 1e-5);
        Assert.InRange(Gap(Steps(kind, ScalarType.Float32, trainable: true, out _), reference), 0, 1e-5); // a network that may change keeps to tensors
        var coarse = Steps(kind, ScalarType.BFloat16, trainable: false, out var coarseReference);
        Assert.InRange(Gap(coarse, reference), 1e-5, 1e-2 + 1.5 * Gap(coarseReference, reference)); // no further from float32 than bfloat16 is in any case
    }

    [Fact]
    public void Take_the_plain_way_in_frozen_networks_only()
    {
        // libtorch's SiLU and softmax round otherwise than ours: results that are equal to the last bit would mean that one way is not taken.
        var plain = Steps("llama", ScalarType.Float32, trainable: false, out _);
        var tensors = Steps("llama", ScalarType.Float32, trainable: true, out _);
        Assert.NotEqual(0, Gap(plain, tensors));
    }

    [Fact]
    public void Floats_become_bfloat16_as_libtorch_rounds_them()
    {
        float[] special = [0, -0f, 1, -1, float.MaxValue, float.MinValue, float.Epsilon, float.PositiveInfinity, float.NegativeInfinity, 1.00390625f, 1.01171875f, 1e-39f];
        float[] values = [.. special, .. Enumerable.Range(0, 10_000).Select(i => BitConverter.Int32BitsToSingle(unchecked(i * 429_001 + 12_345))).Where(float.IsFinite)];
        using var theirs = tensor(values).bfloat16();
        var bytes = new byte[2 * values.Length];
        FloatStore.Write(values, bytes, ScalarType.BFloat16);
        Assert.Equal(theirs.bytes.ToArray(), bytes);
        var back = new float[values.Length];
        FloatStore.Read(bytes, back, ScalarType.BFloat16);
        using var wide = theirs.to(ScalarType.Float32);
        Assert.Equal(wide.data<float>().ToArray(), back);
        float[] none = [float.NaN, BitConverter.UInt32BitsToSingle(0x7FFFFFFF), BitConverter.UInt32BitsToSingle(0xFFFFFFFF)];
        float[] many = [.. Enumerable.Repeat(none, 20).SelectMany(n => n)];
        FloatStore.Write(many, bytes, ScalarType.BFloat16);
        FloatStore.Read(bytes, many, ScalarType.BFloat16);
        Assert.All(many, value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Gelu)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.Tanh)]
    internal void Activations_of_floats_are_those_of_tensors(Activation activation)
    {
        float[] x = [.. Enumerable.Range(-400, 801).Select(i => i / 20f), -100, 100, -1e-6f];
        var y = new float[x.Length];
        Activations.Apply(x, y, activation);
        using var scope = NewDisposeScope();
        var theirs = Activations.Apply(tensor(x), activation).data<float>().ToArray();
        for (var i = 0; i < x.Length; i++) Assert.Equal(theirs[i], y[i], 1e-6f * Math.Max(1, Math.Abs(theirs[i])));
    }

    /// <summary>The scores after each of some steps, and those of one packed pass over the same tokens.</summary>
    private List<Tensor> Steps(string kind, ScalarType type, bool trainable, out List<Tensor> packed)
    {
        var folder = Directory.Exists(_folder[kind]) ? _folder[kind] : TinyModel.Write(_folder[kind], kind, bare: true);
        using var checkpoint = Checkpoint.Open(folder);
        using var network = Families.Load(NetworkConfig.Read(Path.Combine(folder, "config.json")), checkpoint, type, trainable, withHead: true);
        using var noGrad = no_grad();
        int[][] written = [.. Prompts];
        var (state, scores) = DecodingState.Start(network, Prompts, 12);
        scores.Dispose();
        List<Tensor> steps = [];
        packed = [];
        using (state)
            for (var step = 0; step < 12; step++)
            {
                int[] next = [.. Enumerable.Range(0, written.Length).Select(row => (31 * step + 17 * row) % 120 + 5)];
                written = [.. written.Select((ids, row) => (int[])[.. ids, next[row]])];
                steps.Add(state.Step(next));
                using var scope = NewDisposeScope();
                using var batch = PackedBatch.Create(written);
                using var last = tensor(Array.ConvertAll(batch.Places, place => batch.Offsets[place + 1] - 1L));
                packed.Add(network.HeadScores(network.Last(batch), batch).index_select(0, last).to(ScalarType.Float32).DetachFromDisposeScope());
            }
        return steps;
    }

    /// <summary>The largest difference, relative to the largest score.</summary>
    private static double Gap(List<Tensor> scores, List<Tensor> expected)
    {
        using var scope = NewDisposeScope();
        return scores.Zip(expected).Max(pair => ((pair.First - pair.Second).abs().max() / pair.Second.abs().max()).item<float>());
    }
}
