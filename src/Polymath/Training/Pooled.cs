using Polymath.Backbones;
using Polymath.Features;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>Token states to one vector a row, with a gradient; <see cref="Pooler"/> is the same without one.</summary>
internal static class Pooled
{
    /// <summary>Pools tokens [T, H] to packed rows [rows, H].</summary>
    public static Tensor Rows(Tensor hidden, PackedBatch batch, Pooling pooling) => pooling switch
    {
        Pooling.Cls => hidden.index_select(0, batch.FirstTokens),
        Pooling.Max => stack(Enumerable.Range(0, batch.Rows).Select(r => hidden.narrow(0, batch.Offsets[r], batch.Offsets[r + 1] - batch.Offsets[r]).amax([0]))),
        _ => Averages(batch).to(hidden.dtype).mm(hidden),
    };

    /// <summary>
    /// What is made of two texts' vectors, with a gradient: <see cref="PairEncodings.Join"/> is the same without one.
    /// </summary>
    /// <param name="texts">Vectors [2 · rows, H], the texts of a row one after the other.</param>
    /// <param name="cosines">Cosines of the two texts, [rows, cosines].</param>
    /// <param name="encoding">Not <see cref="PairEncoding.Joint"/>.</param>
    public static Tensor Pairs(Tensor texts, Tensor cosines, PairEncoding encoding)
    {
        var size = Math.Sqrt(texts.shape[1]);
        var both = (nn.functional.normalize(texts) * size).view(-1, 2, texts.shape[1]);
        Tensor u = both.select(1, 0), v = both.select(1, 1);
        Tensor[] parts = [u * v * PairEncodings.Modesty, (u - v).abs() * PairEncodings.Modesty, cosines * size];
        return cat(encoding == PairEncoding.SiameseFull ? [.. parts, u * PairEncodings.Modesty, v * PairEncodings.Modesty] : parts, 1);
    }

    /// <summary>Cosines of every two texts, [rows, 1].</summary>
    /// <param name="texts">Vectors [2 · rows, H], the texts of a row one after the other.</param>
    public static Tensor Cosines(Tensor texts)
    {
        var both = nn.functional.normalize(texts).view(-1, 2, texts.shape[1]);
        return (both.select(1, 0) * both.select(1, 1)).sum(1, keepdim: true);
    }

    /// <summary>The matrix [rows, T] whose product with the tokens is each row's mean: its gradient is a product as well, and exact to the bit.</summary>
    private static Tensor Averages(PackedBatch batch)
    {
        var weights = new float[batch.Rows * batch.Tokens];
        for (var r = 0; r < batch.Rows; r++)
            weights.AsSpan(r * batch.Tokens + batch.Offsets[r], batch.Offsets[r + 1] - batch.Offsets[r]).Fill(1f / (batch.Offsets[r + 1] - batch.Offsets[r]));
        return tensor(weights, [batch.Rows, batch.Tokens]);
    }
}
