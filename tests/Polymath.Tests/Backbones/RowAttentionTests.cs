using CsCheck;
using Polymath.Backbones.Attention;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>Attention within short rows against libtorch's, values and gradients.</summary>
public sealed class RowAttentionTests
{
    [Fact]
    public void Values_and_gradients_are_those_of_libtorch()
    {
        var sample = Gen.Select(Gen.Int[1, 40].Array[1, 6], Gen.Int[1, 4].Select(steps => 16 * steps), Gen.Int[1, 3], Gen.Int[0, 1000]);
        sample.Sample((lengths, width, heads, seed) =>
        {
            using var scope = NewDisposeScope();
            using var batch = Batch(lengths);
            var (qkv, weights) = Draw(batch.Tokens, heads, width, seed);
            var ours = RowAttention.Attend(qkv, batch, heads);
            var theirs = cat([.. Enumerable.Range(0, batch.Rows).Select(row => Reference(qkv.slice(0, batch.Offsets[row], batch.Offsets[row + 1], 1), heads, width))]);
            Assert.InRange(Gap(ours, theirs), 0, 1e-5);
            Assert.InRange(Gap(Gradient(qkv, ours, weights), Gradient(qkv, theirs, weights)), 0, 1e-5);
        }, iter: 60);
    }

    [Fact]
    public void A_row_does_not_depend_on_its_company()
    {
        using var scope = NewDisposeScope();
        using var both = Batch([9, 23]);
        using var second = Batch([23]);
        var (qkv, _) = Draw(32, 2, 32, seed: 1);
        var together = RowAttention.Attend(qkv, both, 2)[9..];
        var alone = RowAttention.Attend(qkv.detach()[9..].contiguous().requires_grad_(), second, 2);
        Assert.Equal(together.data<float>().ToArray(), alone.data<float>().ToArray());
    }

    [Fact]
    public void Serves_training_on_short_rows_only()
    {
        using var scope = NewDisposeScope();
        using var batch = Batch([9, 128]);
        using var longer = Batch([9, 129]);
        var (qkv, _) = Draw(137, 2, 32, seed: 1);
        Assert.True(RowAttention.Suits(qkv, batch, 2));
        Assert.False(RowAttention.Suits(qkv, longer, 2));
        Assert.False(RowAttention.Suits(qkv, batch, 4 * 2)); // heads 8 wide
        Assert.False(RowAttention.Suits(qkv.bfloat16(), batch, 2));
        Assert.False(RowAttention.Suits(qkv.detach(), batch, 2));
        using (no_grad()) Assert.False(RowAttention.Suits(qkv, batch, 2));
    }

    [Fact]
    public void Leaves_nothing_behind()
    {
        using var batch = Batch([5, 5, 30]);
        long Live()
        {
            using var scope = NewDisposeScope();
            var (qkv, weights) = Draw(40, 2, 32, seed: 1);
            for (var round = 0; round < 20; round++) Gradient(qkv, RowAttention.Attend(qkv, batch, 2), weights).Dispose();
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }
        var before = Live();
        Assert.InRange(Live() - before, 0, 0);
    }

    /// <summary>The largest difference, relative to the largest number.</summary>
    private static double Gap(Tensor found, Tensor expected) => ((found - expected).abs().max() / expected.abs().max()).item<float>();

    private static PackedBatch Batch(int[] lengths) => PackedBatch.Create([.. lengths.Select(length => new int[length])]);

    private static (Tensor Qkv, Tensor Weights) Draw(int tokens, int heads, int width, int seed)
    {
        using var generator = new Generator((ulong)seed);
        var qkv = 3 * randn([tokens, 3L * heads * width], generator: generator);
        return (qkv.requires_grad_(), randn([tokens, (long)heads * width], generator: generator));
    }

    private static Tensor Reference(Tensor row, int heads, int width)
    {
        var parts = row.view(1, row.shape[0], 3, heads, width).unbind(2);
        return nn.functional.scaled_dot_product_attention(parts[0].transpose(1, 2), parts[1].transpose(1, 2), parts[2].transpose(1, 2)).transpose(1, 2).reshape(row.shape[0], heads * width);
    }

    private static Tensor Gradient(Tensor qkv, Tensor result, Tensor weights)
    {
        (result * weights).sum().backward();
        var gradient = qkv.grad!.clone();
        qkv.grad!.Dispose();
        qkv.grad = null;
        return gradient;
    }
}
