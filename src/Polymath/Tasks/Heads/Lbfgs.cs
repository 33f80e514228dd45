using Polymath.Features;

namespace Polymath.Tasks.Heads;

/// <summary>A smooth function: returns its value at x and writes its gradient.</summary>
internal delegate double SmoothFunction(ReadOnlySpan<double> x, Span<double> gradient);

/// <summary>How a minimisation went.</summary>
/// <param name="Value">The function's value at the point found.</param>
/// <param name="Iterations">Accepted steps.</param>
/// <param name="Evaluations">Calls of the function.</param>
/// <param name="Converged">False where the iterations ran out.</param>
internal readonly record struct Minimum(double Value, int Iterations, int Evaluations, bool Converged);

/// <summary>
/// Limited-memory BFGS with a strong Wolfe line search (Nocedal and Wright, Numerical Optimization, algorithms 7.4, 7.5, 3.5 and 3.6).
/// It stops where both the last step and the step to come promise less than the tolerance: ½ gᵀHg with the quasi-Newton matrix H
/// estimates how far the value is above the minimum, whatever the scale of the gradient.
/// </summary>
internal sealed class Lbfgs(SmoothFunction function, double tolerance, int maxIterations)
{
    private const int Memory = 12;
    private const double Decrease = 1e-4, Curvature = 0.9;
    private readonly List<(double[] Step, double[] Change, double Inverse)> _pairs = [];
    private int _evaluations;

    /// <summary>Minimises from <paramref name="x"/>, which receives the point found.</summary>
    public Minimum Minimize(double[] x)
    {
        var gradient = new double[x.Length];
        var direction = new double[x.Length];
        var value = Evaluate(x, gradient);
        var quiet = 0;
        for (var iteration = 0; iteration < maxIterations; iteration++)
        {
            ApplyInverse(gradient, direction);
            var slope = -VectorMath.Dot(gradient, direction);
            if (!(slope < 0)) return new Minimum(value, iteration, _evaluations, true);
            var limit = tolerance * Math.Abs(value);
            if (-slope / 2 <= limit && (quiet > 0 || slope == 0)) return new Minimum(value, iteration, _evaluations, true);
            VectorMath.Scale(direction, -1);

            double[] point = new double[x.Length], next = new double[x.Length];
            if (Search(x, direction, value, slope, point, next) is not { } found)
            {
                // Rounding hides any further descent. Old curvature may be to blame: forget it once, then stop.
                if (_pairs.Count == 0) return new Minimum(value, iteration, _evaluations, true);
                _pairs.Clear();
                continue;
            }
            quiet = value - found <= limit ? quiet + 1 : 0;
            Remember(x, point, gradient, next);
            value = found;
            point.CopyTo(x, 0);
            gradient = next;
            if (quiet >= 3 && -slope / 2 <= 10 * limit) return new Minimum(value, iteration + 1, _evaluations, true);
        }
        return new Minimum(value, maxIterations, _evaluations, false);
    }

    private double Evaluate(ReadOnlySpan<double> x, Span<double> gradient)
    {
        _evaluations++;
        return function(x, gradient);
    }

    private void Remember(double[] from, double[] to, double[] gradientFrom, double[] gradientTo)
    {
        double[] step = (double[])to.Clone(), change = (double[])gradientTo.Clone();
        VectorMath.Add(step, -1, from);
        VectorMath.Add(change, -1, gradientFrom);
        var product = VectorMath.Dot(step, change);
        if (!(product > 1e-12 * VectorMath.Dot(change, change))) return;
        if (_pairs.Count == Memory) _pairs.RemoveAt(0);
        _pairs.Add((step, change, 1 / product));
    }

    /// <summary>The two-loop recursion: result = H · gradient.</summary>
    private void ApplyInverse(double[] gradient, double[] result)
    {
        gradient.CopyTo(result, 0);
        if (_pairs.Count == 0) return;
        var alphas = new double[_pairs.Count];
        for (var i = _pairs.Count - 1; i >= 0; i--)
        {
            alphas[i] = _pairs[i].Inverse * VectorMath.Dot(_pairs[i].Step, result);
            VectorMath.Add(result, -alphas[i], _pairs[i].Change);
        }
        var last = _pairs[^1];
        VectorMath.Scale(result, 1 / (last.Inverse * VectorMath.Dot(last.Change, last.Change)));
        for (var i = 0; i < _pairs.Count; i++)
            VectorMath.Add(result, alphas[i] - _pairs[i].Inverse * VectorMath.Dot(_pairs[i].Change, result), _pairs[i].Step);
    }

    /// <summary>Finds a step that meets the strong Wolfe conditions; leaves its point and gradient in the buffers. Null where there is none to be found.</summary>
    private double? Search(double[] x, double[] direction, double value, double slope, double[] point, double[] gradient)
    {
        // A step too good to be told from rounding is still taken while the gradient says so (Hager and Zhang's approximate condition).
        var noise = 1e-15 * Math.Abs(value);
        double low = 0, lowValue = value, lowSlope = slope;
        double high = 0, highValue = 0, highSlope = 0;
        var bracketed = false;
        var step = 1.0;
        for (var trial = 0; trial < 25; trial++)
        {
            x.CopyTo(point, 0);
            VectorMath.Add(point, step, direction);
            var trialValue = Evaluate(point, gradient);
            var trialSlope = VectorMath.Dot(gradient, direction);
            if (!(trialValue <= value + Decrease * step * slope + noise) || trialValue > lowValue + noise)
                (high, highValue, highSlope, bracketed) = (step, trialValue, trialSlope, true);
            else if (Math.Abs(trialSlope) <= -Curvature * slope) return trialValue;
            else
            {
                if (trialSlope * (bracketed ? high - low : 1) >= 0) (high, highValue, highSlope, bracketed) = (low, lowValue, lowSlope, true);
                (low, lowValue, lowSlope) = (step, trialValue, trialSlope);
            }
            step = bracketed ? Between(low, lowValue, lowSlope, high, highValue, highSlope) : Math.Min(step * 4, 1e10);
            if (bracketed && Math.Abs(high - low) <= 1e-12 * Math.Max(1, Math.Abs(low))) break;
        }
        if (low <= 0 || !(lowValue < value)) return null;
        x.CopyTo(point, 0);
        VectorMath.Add(point, low, direction);
        return Evaluate(point, gradient);
    }

    /// <summary>The minimiser of the cubic through both ends, kept a tenth of the way off them; the middle where the cubic is of no use.</summary>
    private static double Between(double a, double valueA, double slopeA, double b, double valueB, double slopeB)
    {
        double least = Math.Min(a, b), most = Math.Max(a, b), margin = 0.1 * (most - least);
        var first = slopeA + slopeB - 3 * (valueA - valueB) / (a - b);
        var root = Math.Sqrt(first * first - slopeA * slopeB) * Math.Sign(b - a);
        var minimiser = b - (b - a) * (slopeB + root - first) / (slopeB - slopeA + 2 * root);
        return double.IsFinite(minimiser) ? Math.Clamp(minimiser, least + margin, most - margin) : (a + b) / 2;
    }
}
