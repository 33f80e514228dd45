using System.Runtime.Intrinsics;

namespace Polymath.Native;

/// <summary>
/// Products of matrices of some ten rows, as a head's attention within a short row of tokens has them: a library's product spends more time on being called.
/// Six rows of the result are summed at a time, all of it in registers.
/// </summary>
internal static unsafe class SmallProduct
{
    /// <summary>Widths of results are multiples of it.</summary>
    public const int Step = 16;

    private const int RowsAtOnce = 6;

    /// <summary>The next multiple of <see cref="Step"/>.</summary>
    public static int Padded(int width) => (width + Step - 1) / Step * Step;

    /// <summary>c[i · cRow + j] = Σₖ a[i · aRow + k · aNext] · b[k · bRow + j].</summary>
    /// <param name="a">The left matrix; a row of 1 and a next of its width read its transpose.</param>
    /// <param name="aRow">From a row of a to the next.</param>
    /// <param name="aNext">From a number of a row to the next.</param>
    /// <param name="b">The right matrix.</param>
    /// <param name="bRow">From a row of b to the next.</param>
    /// <param name="c">The result.</param>
    /// <param name="cRow">From a row of c to the next.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="depth">Numbers that are summed.</param>
    /// <param name="width">A multiple of <see cref="Step"/>.</param>
    public static void Multiply(float* a, int aRow, int aNext, float* b, int bRow, float* c, int cRow, int rows, int depth, int width)
    {
        var column = 0;
        for (; rows >= RowsAtOnce && column + 2 * Step <= width; column += 2 * Step)
            for (var row = 0; row < rows; row += RowsAtOnce)
            {
                // The last rows are taken together with some that are done already: the same sums once more cost less than rows one by one.
                var from = Math.Min(row, rows - RowsAtOnce);
                Six(a + from * aRow, aRow, aNext, b + column, bRow, c + from * cRow + column, cRow, depth);
            }
        for (; column < width; column += Step)
            for (var row = 0; row < rows; row++) One(a + row * aRow, aNext, b + column, bRow, c + row * cRow + column, depth);
    }

    /// <summary>Six rows, two steps wide.</summary>
    private static void Six(float* a, int aRow, int aNext, float* b, int bRow, float* c, int cRow, int depth)
    {
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector512<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow;
        for (int k = 0, at = 0; k < depth; k++, at += aNext, b += bRow)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + Step);
            var x = Vector512.Create(a[at]);
            c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(a1[at]);
            c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(a2[at]);
            c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(a3[at]);
            c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
            x = Vector512.Create(a4[at]);
            c40 = Vector512.FusedMultiplyAdd(x, b0, c40);
            c41 = Vector512.FusedMultiplyAdd(x, b1, c41);
            x = Vector512.Create(a5[at]);
            c50 = Vector512.FusedMultiplyAdd(x, b0, c50);
            c51 = Vector512.FusedMultiplyAdd(x, b1, c51);
        }
        Store(c, c00, c01);
        Store(c += cRow, c10, c11);
        Store(c += cRow, c20, c21);
        Store(c += cRow, c30, c31);
        Store(c += cRow, c40, c41);
        Store(c + cRow, c50, c51);
    }

    /// <summary>One row, one step wide.</summary>
    private static void One(float* a, int aNext, float* b, int bRow, float* c, int depth)
    {
        Vector512<float> sum = default;
        for (int k = 0, at = 0; k < depth; k++, at += aNext, b += bRow) sum = Vector512.FusedMultiplyAdd(Vector512.Create(a[at]), Vector512.Load(b), sum);
        sum.Store(c);
    }

    private static void Store(float* c, Vector512<float> first, Vector512<float> second)
    {
        first.Store(c);
        second.Store(c + Step);
    }
}
