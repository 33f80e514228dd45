using System.Numerics;
using System.Runtime.InteropServices;

namespace Polymath.Features;

/// <summary>Dense vector arithmetic in double precision; sums run in an order fixed by the vector width alone.</summary>
internal static class VectorMath
{
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var wideA = MemoryMarshal.Cast<double, Vector<double>>(a);
        var wideB = MemoryMarshal.Cast<double, Vector<double>>(b[..a.Length]);
        Vector<double> first = default, second = default;
        var v = 0;
        for (; v + 1 < wideA.Length; v += 2)
        {
            first += wideA[v] * wideB[v];
            second += wideA[v + 1] * wideB[v + 1];
        }
        if (v < wideA.Length) first += wideA[v] * wideB[v];
        var sum = Vector.Sum(first + second);
        for (var i = wideA.Length * Vector<double>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>y += scale · x.</summary>
    public static void Add(Span<double> y, double scale, ReadOnlySpan<double> x)
    {
        var wideY = MemoryMarshal.Cast<double, Vector<double>>(y);
        var wideX = MemoryMarshal.Cast<double, Vector<double>>(x[..y.Length]);
        var factor = new Vector<double>(scale);
        for (var v = 0; v < wideY.Length; v++) wideY[v] += factor * wideX[v];
        for (var i = wideY.Length * Vector<double>.Count; i < y.Length; i++) y[i] += scale * x[i];
    }

    public static void Scale(Span<double> y, double scale)
    {
        foreach (ref var value in y) value *= scale;
    }
}
