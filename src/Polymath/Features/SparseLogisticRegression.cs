using Polymath.Tasks.Heads;

namespace Polymath.Features;

/// <summary>
/// Multinomial logistic regression on sparse rows, C · Σ CEᵢ + ½‖W‖² with a free bias, by a truncated Newton method: the Newton step is
/// found by conjugate gradients with a diagonal preconditioner, so that only a handful of vectors as long as the weights are kept
/// (Lin, Weng and Keerthi, "Trust region Newton method for large-scale logistic regression", JMLR 2008; here with a line search).
/// </summary>
internal sealed class SparseLogisticRegression
{
    private const int BlockRows = 256, BlockColumns = 64;
    private readonly SparseRows _x, _byColumn;
    private readonly int[] _labels;
    private readonly int _classes;
    private readonly CancellationToken _cancellation;

    /// <param name="x">Features; a column of ones is added for the bias.</param>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="cancellation">Checked at every product.</param>
    public SparseLogisticRegression(SparseRows x, int[] labels, int classes, CancellationToken cancellation)
    {
        _x = WithOnes(x);
        _byColumn = _x.Transpose();
        (_labels, _classes, _cancellation) = (labels, classes, cancellation);
        Weights = new float[checked(_x.Width * classes)];
    }

    /// <summary>[columns + 1, classes]: one row of class weights for each column, the biases last. Each solve starts from here and leaves its result here.</summary>
    public float[] Weights { get; }

    /// <summary>Products with the matrix or its transpose so far.</summary>
    public int Products { get; private set; }

    /// <summary>
    /// Minimises by way of smaller values of C. A Newton step from zero at a large C overshoots far into saturated probabilities, out of
    /// which it takes hundreds of products to return.
    /// </summary>
    public double SolvePath(double c, double tolerance)
    {
        for (var smaller = 1.0; smaller < c; smaller *= 4) Solve(smaller, 1e-2);
        return Solve(c, tolerance);
    }

    /// <summary>Minimises; returns the objective. Stops where half the Newton decrement is below tolerance × objective.</summary>
    public double Solve(double c, double tolerance, int maxSteps = 60)
    {
        var logits = Forward(Weights);
        var (loss, p) = Losses(logits);
        var value = c * loss + Penalty(Weights);
        for (var step = 0; step < maxSteps; step++)
        {
            var gradient = Gradient(p, c);
            var direction = Newton(gradient, p, c);
            var slope = ParallelVectors.Dot(gradient, direction);
            if (!(slope < 0)) return value;
            var move = Forward(direction);
            var accepted = false;
            for (var length = 1f; length > 1e-4f && !accepted; length /= 2)
            {
                ParallelVectors.Combine(logits, 1, length, move);
                ParallelVectors.Combine(Weights, 1, length, direction);
                var (trialLoss, trialP) = Losses(logits);
                var trial = c * trialLoss + Penalty(Weights);
                accepted = trial <= value + 1e-4 * length * slope + 1e-9 * value;
                if (accepted) (value, p) = (trial, trialP);
                else
                {
                    ParallelVectors.Combine(logits, 1, -length, move);
                    ParallelVectors.Combine(Weights, 1, -length, direction);
                }
            }
            if (!accepted || -slope / 2 <= tolerance * value) return value;
        }
        return value;
    }

    /// <summary>The logits of rows under weights [columns + 1, classes], [rows, classes].</summary>
    public static float[] Scores(SparseRows x, float[] weights, int classes)
    {
        var logits = new float[checked(x.Rows * classes)];
        Multiply(WithOnes(x), weights, logits, classes);
        return logits;
    }

    private static SparseRows WithOnes(SparseRows x)
    {
        var starts = new int[x.Rows + 1];
        var (columns, values) = (new int[x.Columns.Length + x.Rows], new float[x.Columns.Length + x.Rows]);
        for (var i = 0; i < x.Rows; i++)
        {
            var (from, count) = (x.Starts[i], x.Starts[i + 1] - x.Starts[i]);
            x.Columns.AsSpan(from, count).CopyTo(columns.AsSpan(starts[i]));
            x.Values.AsSpan(from, count).CopyTo(values.AsSpan(starts[i]));
            starts[i + 1] = starts[i] + count + 1;
            (columns[starts[i + 1] - 1], values[starts[i + 1] - 1]) = (x.Width, 1);
        }
        return new SparseRows(starts, columns, values, x.Width + 1);
    }

    private float[] Forward(float[] weights)
    {
        _cancellation.ThrowIfCancellationRequested();
        Products++;
        var logits = new float[_x.Rows * _classes];
        Multiply(_x, weights, logits, _classes);
        return logits;
    }

    /// <summary>result [rows, classes] = matrix · dense [columns, classes].</summary>
    private static void Multiply(SparseRows matrix, float[] dense, float[] result, int classes, bool squared = false) =>
        ParallelVectors.ForBlocks(matrix.Rows, BlockColumns, (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                var row = result.AsSpan(i * classes, classes);
                row.Clear();
                for (var e = matrix.Starts[i]; e < matrix.Starts[i + 1]; e++)
                {
                    var value = matrix.Values[e];
                    ParallelVectors.AddRow(row, squared ? value * value : value, dense.AsSpan(matrix.Columns[e] * classes, classes));
                }
            }
        });

    /// <summary>The sum of the cross-entropies and the probabilities [rows, classes].</summary>
    private (double Loss, float[] Probabilities) Losses(float[] logits)
    {
        var p = new float[logits.Length];
        var loss = ParallelVectors.Sum(_x.Rows, (start, count) =>
        {
            double sum = 0;
            for (var i = start; i < start + count; i++)
            {
                var row = p.AsSpan(i * _classes, _classes);
                logits.AsSpan(i * _classes, _classes).CopyTo(row);
                Head.SoftmaxInPlace(row);
                sum -= Math.Log(Math.Max(row[_labels[i]], 1e-38));
            }
            return sum;
        }, BlockRows);
        return (loss, p);
    }

    private double Penalty(float[] weights)
    {
        double squares = ParallelVectors.Dot(weights, weights), bias = 0;
        foreach (var value in weights.AsSpan(weights.Length - _classes)) bias += (double)value * value;
        return 0.5 * (squares - bias);
    }

    private float[] Gradient(float[] p, double c)
    {
        var residual = (float[])p.Clone();
        for (var i = 0; i < _x.Rows; i++) residual[i * _classes + _labels[i]] -= 1;
        return Backward(residual, c, Weights);
    }

    /// <summary>C · Xᵀ residual + the penalty's share.</summary>
    private float[] Backward(float[] residual, double c, float[] penalised)
    {
        _cancellation.ThrowIfCancellationRequested();
        Products++;
        var result = new float[penalised.Length];
        Multiply(_byColumn, residual, result, _classes);
        var bias = result.AsSpan(result.Length - _classes).ToArray();
        ParallelVectors.Combine(result, (float)c, 1, penalised);
        for (var k = 0; k < _classes; k++) result[result.Length - _classes + k] = (float)c * bias[k];
        return result;
    }

    /// <summary>An approximate solution of H d = −g by preconditioned conjugate gradients.</summary>
    private float[] Newton(float[] gradient, float[] p, double c)
    {
        var diagonal = Diagonal(p, c);
        float[] d = new float[gradient.Length], r = new float[gradient.Length], z = new float[gradient.Length];
        ParallelVectors.Combine(r, 0, -1, gradient);
        ParallelVectors.Divide(z, r, diagonal);
        var s = (float[])z.Clone();
        var size = ParallelVectors.Dot(r, z);
        var target = size * 0.01; // a tenth in the norm: the next Newton step corrects the rest
        for (var iteration = 0; iteration < 60 && size > target; iteration++)
        {
            var hs = Curve(s, p, c);
            var alpha = (float)(size / ParallelVectors.Dot(s, hs));
            if (!float.IsFinite(alpha) || alpha <= 0) break;
            ParallelVectors.Combine(d, 1, alpha, s);
            ParallelVectors.Combine(r, 1, -alpha, hs);
            ParallelVectors.Divide(z, r, diagonal);
            var next = ParallelVectors.Dot(r, z);
            ParallelVectors.Combine(s, (float)(next / size), 1, z);
            size = next;
        }
        return d;
    }

    private float[] Diagonal(float[] p, double c)
    {
        var spread = new float[p.Length];
        for (var i = 0; i < p.Length; i++) spread[i] = p[i] * (1 - p[i]);
        var diagonal = new float[Weights.Length];
        Multiply(_byColumn, spread, diagonal, _classes, squared: true);
        var penalised = diagonal.Length - _classes;
        for (var i = 0; i < diagonal.Length; i++) diagonal[i] = (float)(c * diagonal[i]) + (i < penalised ? 1 : 1e-6f);
        return diagonal;
    }

    /// <summary>H s: with u = X s, the loss's part is C · Xᵀ (p ∘ (u − ⟨p, u⟩)).</summary>
    private float[] Curve(float[] s, float[] p, double c)
    {
        var u = Forward(s);
        ParallelVectors.ForBlocks(_x.Rows, BlockRows, (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                Span<float> row = u.AsSpan(i * _classes, _classes), probabilities = p.AsSpan(i * _classes, _classes);
                var mean = ParallelVectors.DotRun(row, probabilities);
                for (var k = 0; k < row.Length; k++) row[k] = probabilities[k] * (row[k] - mean);
            }
        });
        return Backward(u, c, s);
    }
}
