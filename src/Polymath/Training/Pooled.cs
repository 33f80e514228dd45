using Polymath.Backbones;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>Token states to one vector a row, with a gradient; <see cref="Features.Pooler"/> is the same without one.</summary>
internal static class Pooled
{
    /// <summary>Pools tokens [T, H] to packed rows [rows, H].</summary>
    public static Tensor Rows(Tensor hidden, PackedBatch batch, Pooling pooling) => pooling switch
    {
        Pooling.Cls => hidden.index_select(0, batch.FirstTokens),
        Pooling.Max => stack(Enumerable.Range(0, batch.Rows).Select(r => hidden.narrow(0, batch.Offsets[r], batch.Offsets[r + 1] - batch.Offsets[r]).amax([0]))),
        _ => Averages(batch).to(hidden.dtype).mm(hidden),
    };

    /// <summary>The matrix [rows, T] whose product with the tokens is each row's mean: its gradient is a product as well, and exact to the bit.</summary>
    private static Tensor Averages(PackedBatch batch)
    {
        var weights = new float[batch.Rows * batch.Tokens];
        for (var r = 0; r < batch.Rows; r++)
            weights.AsSpan(r * batch.Tokens + batch.Offsets[r], batch.Offsets[r + 1] - batch.Offsets[r]).Fill(1f / (batch.Offsets[r + 1] - batch.Offsets[r]));
        return tensor(weights, [batch.Rows, batch.Tokens]);
    }
}
