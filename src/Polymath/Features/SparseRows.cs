namespace Polymath.Features;

/// <summary>A sparse matrix by rows (CSR): row i holds the entries <c>Starts[i]</c> to <c>Starts[i + 1]</c>.</summary>
public sealed class SparseRows
{
    /// <summary>Wraps the arrays without copying them.</summary>
    /// <param name="starts">Where each row's entries start, [rows + 1].</param>
    /// <param name="columns">The column of each entry, ascending within a row.</param>
    /// <param name="values">The value of each entry.</param>
    /// <param name="width">The number of columns.</param>
    public SparseRows(int[] starts, int[] columns, float[] values, int width)
    {
        if (starts.Length == 0 || columns.Length != values.Length || starts[^1] != values.Length) throw new ArgumentException("the arrays do not describe a sparse matrix");
        (Starts, Columns, Values, Width) = (starts, columns, values, width);
    }

    /// <summary>Where each row's entries start, [rows + 1].</summary>
    public int[] Starts { get; }

    /// <summary>The column of each entry.</summary>
    public int[] Columns { get; }

    /// <summary>The value of each entry.</summary>
    public float[] Values { get; }

    /// <summary>The number of columns.</summary>
    public int Width { get; }

    /// <summary>The number of rows.</summary>
    public int Rows => Starts.Length - 1;

    /// <summary>A copy of the given rows, in the given order.</summary>
    public SparseRows Take(ReadOnlySpan<int> rows)
    {
        var starts = new int[rows.Length + 1];
        for (var i = 0; i < rows.Length; i++) starts[i + 1] = starts[i] + Starts[rows[i] + 1] - Starts[rows[i]];
        var (columns, values) = (new int[starts[^1]], new float[starts[^1]]);
        for (var i = 0; i < rows.Length; i++)
        {
            var from = Starts[rows[i]];
            Columns.AsSpan(from, starts[i + 1] - starts[i]).CopyTo(columns.AsSpan(starts[i]));
            Values.AsSpan(from, starts[i + 1] - starts[i]).CopyTo(values.AsSpan(starts[i]));
        }
        return new SparseRows(starts, columns, values, Width);
    }

    /// <summary>The same entries by columns; rows ascend within each.</summary>
    internal SparseRows Transpose()
    {
        var starts = new int[Width + 1];
        foreach (var column in Columns) starts[column + 1]++;
        for (var j = 0; j < Width; j++) starts[j + 1] += starts[j];
        var next = starts.AsSpan(0, Width).ToArray();
        var (rows, values) = (new int[Columns.Length], new float[Columns.Length]);
        for (var i = 0; i < Rows; i++)
            for (var e = Starts[i]; e < Starts[i + 1]; e++)
            {
                var at = next[Columns[e]]++;
                (rows[at], values[at]) = (i, Values[e]);
            }
        return new SparseRows(starts, rows, values, Rows);
    }
}
