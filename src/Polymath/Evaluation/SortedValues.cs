namespace Polymath.Evaluation;

/// <summary>Values in ascending order, sorted once for all resamples.</summary>
/// <param name="Keys">The values.</param>
/// <param name="Rows">The row of each.</param>
internal sealed record SortedValues(double[] Keys, int[] Rows)
{
    public static SortedValues Of(double[] values)
    {
        var keys = (double[])values.Clone();
        int[] rows = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(keys, rows);
        return new SortedValues(keys, rows);
    }
}
