using System.Buffers;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Attention;

/// <summary>
/// Self-attention within short rows, with its gradient: softmax(q kᵀ / √width) v for every row and head where its tokens lie, without padding, masks or copies into a
/// rectangle. For training: libtorch's attention itself is fast, but around it lie the copies of tokens into groups and back, forwards and backwards.
/// </summary>
internal sealed class RowAttention : autograd.SingleTensorFunction<RowAttention>
{
    /// <summary>Above this length libtorch's attention, which is made for long rows, is the faster one.</summary>
    private const int LongestRow = 128;

    private const string Saved = "saved";

    /// <inheritdoc/>
    public override string Name => nameof(RowAttention);

    /// <summary>Whether a gradient is wanted, rows are short, and numbers suit the arithmetic.</summary>
    public static bool Suits(Tensor qkv, PackedBatch batch, int heads) =>
        qkv.requires_grad && is_grad_enabled() && qkv.dtype == ScalarType.Float32 && qkv.shape[1] / 3 / heads % SmallProduct.Step == 0
        && batch.Offsets[^1] - batch.Offsets[^2] <= LongestRow; // rows are sorted by length

    /// <summary>Queries, keys and values of the tokens [T, 3H] → [T, H].</summary>
    public static Tensor Attend(Tensor qkv, PackedBatch batch, int heads) => apply(qkv, new AttentionRows(batch.Offsets, heads, (int)qkv.shape[1] / 3 / heads));

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (qkv, rows) = ((Tensor)vars[0], (AttentionRows)vars[1]);
        var saved = new SavedRows(rows, qkv.alias().DetachFromDisposeScope());
        ctx.save_data(Saved, saved);
        var context = empty(qkv.shape[0], qkv.shape[1] / 3);
        Work(rows, qkv, null, context, saved.Weights);
        return context;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var saved = (SavedRows)ctx.get_data(Saved);
        using var gradient = grad_output.contiguous();
        var result = empty_like(saved.QueriesKeysValues);
        Work(saved.Rows, saved.QueriesKeysValues, gradient, result, saved.Weights);
        return [result, null!];
    }

    /// <summary>Every row on its own, the longest first.</summary>
    private static unsafe void Work(AttentionRows rows, Tensor qkv, Tensor? gradient, Tensor result, float[] weights)
    {
        fixed (byte* source = qkv.bytes, change = gradient is null ? default : gradient.bytes, target = result.bytes)
        fixed (float* kept = weights)
        {
            var (q, g, r, w) = ((nint)source, (nint)change, (nint)target, (nint)kept);
            Parallel.For(0, rows.Count, new ParallelOptions { MaxDegreeOfParallelism = ThreadSettings.Threads }, i =>
            {
                var row = rows.Count - 1 - i;
                if (g == 0) rows.Forward(row, (float*)q, (float*)r, (float*)w);
                else rows.Backward(row, (float*)q, (float*)g, (float*)r, (float*)w);
            });
        }
    }

    /// <summary>What the gradient needs: the input and the attention weights. They are given back with it, so it can be taken once.</summary>
    private sealed class SavedRows(AttentionRows rows, Tensor queriesKeysValues) : IDisposable
    {
        private float[]? _weights = ArrayPool<float>.Shared.Rent(rows.WeightsLength);

        public AttentionRows Rows => rows;

        public Tensor QueriesKeysValues => queriesKeysValues;

        public float[] Weights => _weights ?? throw new InvalidOperationException("the gradient of an attention was asked for a second time");

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _weights, null) is not { } weights) return;
            queriesKeysValues.Dispose();
            ArrayPool<float>.Shared.Return(weights);
        }
    }
}
