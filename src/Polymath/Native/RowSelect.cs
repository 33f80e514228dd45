using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Native;

/// <summary>
/// Rows of a matrix by their numbers, with a fast gradient. <c>index_select</c> gives the same values, but its backward adds row after row
/// through a general loop; that of <c>torch.embedding</c>, which TorchSharp does not bind, runs in parallel over the rows of the result, each in the
/// order of the indices, so it gives the same bits every time.
/// </summary>
internal static class RowSelect
{
    /// <summary>matrix [N, width], indices int64 [n] → [n, width].</summary>
    public static Tensor Rows(this Tensor matrix, Tensor indices) =>
        matrix.requires_grad ? Scripts.Rows(matrix, indices) : matrix.index_select(0, indices);
}
