namespace Polymath.Features;

/// <summary>One sparse row of two, as <see cref="PairEncodings"/> makes one dense vector of two.</summary>
internal static class SparsePairs
{
    /// <summary>Products, absolute differences and the cosine of rows of length one; for the full encoding both rows as well.</summary>
    /// <param name="encoding">Not <see cref="PairEncoding.Joint"/>.</param>
    /// <param name="u">The first texts, [rows, terms].</param>
    /// <param name="v">The second texts, [rows, terms].</param>
    public static SparseRows Join(PairEncoding encoding, SparseRows u, SparseRows v)
    {
        var width = u.Width;
        var starts = new int[u.Rows + 1];
        var columns = new List<int>();
        var values = new List<float>();
        var merged = new List<(int Column, float U, float V)>();
        for (var i = 0; i < u.Rows; i++)
        {
            Merge(u, v, i, merged);
            float cosine = 0;
            foreach (var (column, a, b) in merged)
                if (a != 0 && b != 0)
                {
                    Add(column, a * b);
                    cosine += a * b;
                }
            foreach (var (column, a, b) in merged) Add(width + column, Math.Abs(a - b));
            Add(2 * width, cosine);
            if (encoding == PairEncoding.SiameseFull)
            {
                foreach (var (column, a, _) in merged) Add(2 * width + 1 + column, a);
                foreach (var (column, _, b) in merged) Add(3 * width + 1 + column, b);
            }
            starts[i + 1] = columns.Count;
        }
        return new SparseRows(starts, [.. columns], [.. values], encoding.Width(width, 1));

        void Add(int column, float value)
        {
            if (value == 0) return;
            columns.Add(column);
            values.Add(value);
        }
    }

    /// <summary>The entries of both rows by ascending column.</summary>
    private static void Merge(SparseRows u, SparseRows v, int row, List<(int Column, float U, float V)> merged)
    {
        merged.Clear();
        int a = u.Starts[row], b = v.Starts[row];
        while (a < u.Starts[row + 1] || b < v.Starts[row + 1])
        {
            var left = a < u.Starts[row + 1] ? u.Columns[a] : int.MaxValue;
            var right = b < v.Starts[row + 1] ? v.Columns[b] : int.MaxValue;
            var column = Math.Min(left, right);
            merged.Add((column, left == column ? u.Values[a++] : 0, right == column ? v.Values[b++] : 0));
        }
    }
}
