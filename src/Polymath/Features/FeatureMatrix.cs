using TorchSharp;

namespace Polymath.Features;

/// <summary>Feature vectors of rows, row-major: the plain value that heads, PCA, k-means and the feature store pass to each other.</summary>
public sealed class FeatureMatrix
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="values">Row-major values, [rows, columns].</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The width of a row.</param>
    /// <exception cref="ArgumentException">The number of values is not rows × columns.</exception>
    public FeatureMatrix(float[] values, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (values.Length != (long)rows * columns) throw new ArgumentException($"{values.Length} values are not {rows} rows of {columns}");
        (Values, Rows, Columns) = (values, rows, columns);
    }

    /// <summary>The values, row-major, [rows, columns].</summary>
    public float[] Values { get; }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The width of a row.</summary>
    public int Columns { get; }

    /// <summary>One row's features, [columns].</summary>
    public ReadOnlySpan<float> Row(int row) => Values.AsSpan(checked(row * Columns), Columns);

    /// <summary>A copy of the given rows, in the given order.</summary>
    public FeatureMatrix Take(ReadOnlySpan<int> rows)
    {
        var taken = new float[checked(rows.Length * Columns)];
        for (var i = 0; i < rows.Length; i++) Row(rows[i]).CopyTo(taken.AsSpan(i * Columns));
        return new FeatureMatrix(taken, rows.Length, Columns);
    }

    /// <summary>A float32 tensor [rows, columns] over these very values: for reading, within the caller's dispose scope.</summary>
    internal torch.Tensor AsTensor() => torch.from_array(Values).view(Rows, Columns);

    /// <summary>Checks that each row has a label in range.</summary>
    internal void CheckLabels(ReadOnlySpan<int> labels, int classes)
    {
        if (labels.Length != Rows) throw new ArgumentException($"{labels.Length} labels for {Rows} rows");
        foreach (var label in labels)
            if ((uint)label >= (uint)classes) throw new ArgumentException($"label {label} is outside 0..{classes - 1}");
    }
}
