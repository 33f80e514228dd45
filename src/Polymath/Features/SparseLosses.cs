using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Features;

/// <summary>What tells one linear model on sparse rows from another.</summary>
internal interface ISparseLoss
{
    /// <summary>Scores of a row.</summary>
    int Outputs { get; }

    /// <summary>Turns a row's scores into predictions and returns its loss.</summary>
    double Predict(int row, Span<float> scores);

    /// <summary>Predictions → predictions − truth, the loss's derivative by the scores.</summary>
    void Subtract(int row, Span<float> predictions);

    /// <summary>The second derivative by one score.</summary>
    float Curvature(float prediction);

    /// <summary>u → second derivative of a row · u.</summary>
    void Curve(ReadOnlySpan<float> predictions, Span<float> u);
}

/// <summary>The losses of the kinds of task.</summary>
internal static class SparseLosses
{
    /// <summary>The loss of a kind of task.</summary>
    public static ISparseLoss Of(LabelledRows data) => data.Kind switch
    {
        TaskKind.MultiLabel => new SparseSigmoid(data.Marks, data.Classes),
        TaskKind.Regression => new SparseSquares(data.Values),
        _ => new SparseSoftmax(data.Labels, data.Classes),
    };
}

/// <summary>Cross-entropy of one class of several.</summary>
internal sealed class SparseSoftmax(int[] labels, int classes) : ISparseLoss
{
    public int Outputs => classes;

    public double Predict(int row, Span<float> scores)
    {
        Head.SoftmaxInPlace(scores);
        return -Math.Log(Math.Max(scores[labels[row]], 1e-38));
    }

    public void Subtract(int row, Span<float> predictions) => predictions[labels[row]] -= 1;

    public float Curvature(float prediction) => prediction * (1 - prediction);

    public void Curve(ReadOnlySpan<float> predictions, Span<float> u)
    {
        var mean = ParallelVectors.DotRun(u, predictions);
        for (var k = 0; k < u.Length; k++) u[k] = predictions[k] * (u[k] - mean);
    }
}

/// <summary>Cross-entropy of any number of yes-or-no questions.</summary>
internal sealed class SparseSigmoid(bool[] marks, int labels) : ISparseLoss
{
    public int Outputs => labels;

    public double Predict(int row, Span<float> scores)
    {
        double loss = 0;
        for (var k = 0; k < labels; k++)
        {
            double score = scores[k], e = Math.Exp(-Math.Abs(score));
            loss += Math.Max(score, 0) - (marks[row * labels + k] ? score : 0) + Math.Log(1 + e);
            scores[k] = (float)(score >= 0 ? 1 / (1 + e) : e / (1 + e));
        }
        return loss;
    }

    public void Subtract(int row, Span<float> predictions)
    {
        for (var k = 0; k < labels; k++)
            if (marks[row * labels + k]) predictions[k] -= 1;
    }

    public float Curvature(float prediction) => prediction * (1 - prediction);

    public void Curve(ReadOnlySpan<float> predictions, Span<float> u)
    {
        for (var k = 0; k < u.Length; k++) u[k] *= predictions[k] * (1 - predictions[k]);
    }
}

/// <summary>Half the squared error: with it the model is ridge regression with the penalty 1 / C.</summary>
internal sealed class SparseSquares(double[] values) : ISparseLoss
{
    public int Outputs => 1;

    public double Predict(int row, Span<float> scores) => 0.5 * (scores[0] - values[row]) * (scores[0] - values[row]);

    public void Subtract(int row, Span<float> predictions) => predictions[0] -= (float)values[row];

    public float Curvature(float prediction) => 1;

    public void Curve(ReadOnlySpan<float> predictions, Span<float> u) { }
}
