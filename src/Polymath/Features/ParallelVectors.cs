using System.Numerics;
using System.Runtime.InteropServices;

namespace Polymath.Features;

/// <summary>
/// Arithmetic on long float vectors by all cores. Work is cut into blocks of fixed size and sums are added in block order, so results do
/// not depend on the number of threads.
/// </summary>
internal static class ParallelVectors
{
    private const int Block = 1 << 15;

    /// <summary>Σ aᵢ bᵢ; float within runs of 1,024, double beyond.</summary>
    public static double Dot(float[] a, float[] b) => Sum(a.Length, (start, count) =>
    {
        double sum = 0;
        for (var at = start; at < start + count; at += 1024)
        {
            var run = Math.Min(1024, start + count - at);
            sum += DotRun(a.AsSpan(at, run), b.AsSpan(at, run));
        }
        return sum;
    });

    /// <summary>y = scale · y + factor · x.</summary>
    public static void Combine(float[] y, float scale, float factor, float[] x) => ForBlocks(y.Length, Block, (start, count) =>
    {
        var wideY = MemoryMarshal.Cast<float, Vector<float>>(y.AsSpan(start, count));
        var wideX = MemoryMarshal.Cast<float, Vector<float>>(x.AsSpan(start, count));
        for (var v = 0; v < wideY.Length; v++) wideY[v] = wideY[v] * scale + wideX[v] * factor;
        for (var i = start + wideY.Length * Vector<float>.Count; i < start + count; i++) y[i] = scale * y[i] + factor * x[i];
    });

    /// <summary>target[0..] += factor · source[0..] over one short row.</summary>
    public static void AddRow(Span<float> target, float factor, ReadOnlySpan<float> source)
    {
        var wideTarget = MemoryMarshal.Cast<float, Vector<float>>(target);
        var wideSource = MemoryMarshal.Cast<float, Vector<float>>(source);
        for (var v = 0; v < wideTarget.Length; v++) wideTarget[v] += wideSource[v] * factor;
        for (var i = wideTarget.Length * Vector<float>.Count; i < target.Length; i++) target[i] += factor * source[i];
    }

    public static float DotRun(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var wideA = MemoryMarshal.Cast<float, Vector<float>>(a);
        var wideB = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<float> wide = default;
        for (var v = 0; v < wideA.Length; v++) wide += wideA[v] * wideB[v];
        var sum = Vector.Sum(wide);
        for (var i = wideA.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Runs an action for each block of [0, length).</summary>
    public static void ForBlocks(int length, int block, Action<int, int> action) =>
        Parallel.For(0, (int)(((long)length + block - 1) / block), b => action(b * block, Math.Min(block, length - b * block)));

    /// <summary>The sum over the blocks of [0, length), added in order.</summary>
    public static double Sum(int length, Func<int, int, double> part, int block = Block)
    {
        var sums = new double[((long)length + block - 1) / block];
        ForBlocks(length, block, (start, count) => sums[start / block] = part(start, count));
        double sum = 0;
        foreach (var value in sums) sum += value;
        return sum;
    }
}
