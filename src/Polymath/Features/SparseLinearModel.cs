namespace Polymath.Features;

/// <summary>
/// A regularised linear model on sparse rows, C · Σ lossᵢ + ½‖W‖² with a free bias, by a truncated Newton method: the Newton step is
/// found by conjugate gradients with a diagonal preconditioner, so that only a handful of vectors as long as the weights are kept
/// (Lin, Weng and Keerthi, "Trust region Newton method for large-scale logistic regression", JMLR 2008; here with a line search).
/// </summary>
internal sealed class SparseLinearModel
{
    private const int BlockRows = 256, BlockColumns = 64;
    private readonly SparseRows _x, _byColumn;
    private readonly ISparseLoss _loss;
    private readonly int _classes;
    private readonly CancellationToken _cancellation;
    private readonly float[] _logits, _u;                                                                       // [rows, classes]
    private readonly float[] _gradient, _direction, _residual, _conditioned, _search, _curved, _diagonal;       // as the weights
    private float[] _p, _trialP;                                                                                // [rows, classes]

    /// <param name="x">Features; a column of ones is added for the bias.</param>
    /// <param name="loss">The loss, with the truth of every row.</param>
    /// <param name="cancellation">Checked at every product.</param>
    public SparseLinearModel(SparseRows x, ISparseLoss loss, CancellationToken cancellation)
    {
        var classes = loss.Outputs;
        _x = WithOnes(x);
        _byColumn = _x.Transpose();
        (_loss, _classes, _cancellation) = (loss, classes, cancellation);
        Weights = new float[checked(_x.Width * classes)];
        (_logits, _u, _p, _trialP) = (Scores(), Scores(), Scores(), Scores());
        (_gradient, _direction, _residual, _conditioned) = (Vector(), Vector(), Vector(), Vector());
        (_search, _curved, _diagonal) = (Vector(), Vector(), Vector());

        float[] Scores() => new float[checked(x.Rows * classes)];
        float[] Vector() => new float[Weights.Length];
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
        Forward(Weights, _logits);
        var value = c * Losses(_logits, _p) + Penalty(Weights);
        for (var step = 0; step < maxSteps; step++)
        {
            Gradient(c);
            Newton(c);
            var slope = ParallelVectors.Dot(_gradient, _direction);
            if (!(slope < 0)) return value;
            Forward(_direction, _u);
            var accepted = false;
            for (var length = 1f; length > 1e-4f && !accepted; length /= 2)
            {
                ParallelVectors.Combine(_logits, 1, length, _u);
                ParallelVectors.Combine(Weights, 1, length, _direction);
                var trial = c * Losses(_logits, _trialP) + Penalty(Weights);
                accepted = trial <= value + 1e-4 * length * slope + 1e-9 * value;
                if (accepted) (value, _p, _trialP) = (trial, _trialP, _p);
                else
                {
                    ParallelVectors.Combine(_logits, 1, -length, _u);
                    ParallelVectors.Combine(Weights, 1, -length, _direction);
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

    private void Forward(float[] weights, float[] logits)
    {
        _cancellation.ThrowIfCancellationRequested();
        Products++;
        Multiply(_x, weights, logits, _classes);
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

    /// <summary>The sum of the losses; writes the predictions.</summary>
    private double Losses(float[] logits, float[] p) => ParallelVectors.Sum(_x.Rows, (start, count) =>
    {
        double sum = 0;
        for (var i = start; i < start + count; i++)
        {
            var row = p.AsSpan(i * _classes, _classes);
            logits.AsSpan(i * _classes, _classes).CopyTo(row);
            sum += _loss.Predict(i, row);
        }
        return sum;
    }, BlockRows);

    private double Penalty(float[] weights)
    {
        double squares = ParallelVectors.Dot(weights, weights), bias = 0;
        foreach (var value in weights.AsSpan(weights.Length - _classes)) bias += (double)value * value;
        return 0.5 * (squares - bias);
    }

    private void Gradient(double c)
    {
        _p.CopyTo(_u, 0);
        for (var i = 0; i < _x.Rows; i++) _loss.Subtract(i, _u.AsSpan(i * _classes, _classes));
        Backward(_u, c, Weights, _gradient);
    }

    /// <summary>result = C · Xᵀ residual + the penalty's share.</summary>
    private void Backward(float[] residual, double c, float[] penalised, float[] result)
    {
        _cancellation.ThrowIfCancellationRequested();
        Products++;
        Multiply(_byColumn, residual, result, _classes);
        var bias = result.AsSpan(result.Length - _classes).ToArray();
        ParallelVectors.Combine(result, (float)c, 1, penalised);
        for (var k = 0; k < _classes; k++) result[result.Length - _classes + k] = (float)c * bias[k];
    }

    /// <summary>An approximate solution of H · direction = −gradient by preconditioned conjugate gradients.</summary>
    private void Newton(double c)
    {
        Diagonal(c);
        Array.Clear(_direction);
        ParallelVectors.Combine(_residual, 0, -1, _gradient);
        Array.Clear(_search);
        Array.Clear(_curved);
        var size = Descend(0);
        ParallelVectors.Combine(_search, 0, 1, _conditioned);
        var target = size * 0.01; // a tenth in the norm: the next Newton step corrects the rest
        for (var iteration = 0; iteration < 60 && size > target; iteration++)
        {
            Curve(c);
            var alpha = (float)(size / ParallelVectors.Dot(_search, _curved));
            if (!float.IsFinite(alpha) || alpha <= 0) break;
            var next = Descend(alpha);
            ParallelVectors.Combine(_search, (float)(next / size), 1, _conditioned);
            size = next;
        }
    }

    /// <summary>One pass over all vectors: direction += α search, residual −= α curved, conditioned = residual / diagonal; returns ⟨residual, conditioned⟩.</summary>
    private double Descend(float alpha) => ParallelVectors.Sum(_direction.Length, (start, count) =>
    {
        double sum = 0;
        for (var i = start; i < start + count; i++)
        {
            _direction[i] += alpha * _search[i];
            var residual = _residual[i] -= alpha * _curved[i];
            sum += residual * (_conditioned[i] = residual / _diagonal[i]);
        }
        return sum;
    });

    private void Diagonal(double c)
    {
        for (var i = 0; i < _u.Length; i++) _u[i] = _loss.Curvature(_p[i]);
        Multiply(_byColumn, _u, _diagonal, _classes, squared: true);
        var penalised = _diagonal.Length - _classes;
        for (var i = 0; i < _diagonal.Length; i++) _diagonal[i] = (float)(c * _diagonal[i]) + (i < penalised ? 1 : 1e-6f);
    }

    /// <summary>curved = H · search: with u = X · search, the loss's part is C · Xᵀ (its second derivative · u).</summary>
    private void Curve(double c)
    {
        Forward(_search, _u);
        ParallelVectors.ForBlocks(_x.Rows, BlockRows, (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                _loss.Curve(_p.AsSpan(i * _classes, _classes), _u.AsSpan(i * _classes, _classes));
            }
        });
        Backward(_u, c, _search, _curved);
    }
}
