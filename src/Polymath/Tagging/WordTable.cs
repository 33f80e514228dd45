using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tagging;

/// <summary>
/// The features of words, and a multinomial logistic regression over them. The two kinds of features differ in how they are kept and solved; what
/// is done with tags is the same.
/// </summary>
internal abstract class WordTable
{
    /// <summary>The number of words.</summary>
    public abstract int Words { get; }

    /// <summary>Some of the words.</summary>
    public abstract WordTable Take(int[] words);

    /// <summary>Judges the out-of-fold logits [words, tags] for each C from small to large, and returns the best C.</summary>
    public abstract double Search(int[] labels, int tags, int[] folds, IReadOnlyList<double> grid, Func<float[], double> judge, CancellationToken cancellation);

    /// <summary>Weights at the optimum for one C.</summary>
    public abstract float[] Fit(int[] labels, int tags, double c, CancellationToken cancellation);

    /// <summary>Logits [words, tags] under weights from <see cref="Fit"/>.</summary>
    public abstract float[] Scores(float[] weights, int tags);
}

/// <summary>Vectors from a backbone. Weights are [tags, inputs], then [tags] biases.</summary>
internal sealed class DenseWords(FeatureMatrix x) : WordTable
{
    /// <inheritdoc/>
    public override int Words => x.Rows;

    /// <inheritdoc/>
    public override WordTable Take(int[] words) => new DenseWords(x.Take(words));

    /// <inheritdoc/>
    public override double Search(int[] labels, int tags, int[] folds, IReadOnlyList<double> grid, Func<float[], double> judge, CancellationToken cancellation) =>
        LinearFit.CrossValidate(x, folds, [.. grid.Order()], new CrossValidationOptions { Tolerance = 1e-4, Patience = 1 },
            order => new SoftmaxLoss([.. order.Select(word => labels[word])], tags), _ => null, (order, _, scores) => judge(InOrder(order, scores, tags)), null, cancellation).BestC;

    /// <summary>Logits in the order of folds → in the order of words: a sentence's words lie in one fold, but sentences must come in their order.</summary>
    private static float[] InOrder(int[] order, float[] byFold, int tags)
    {
        var logits = new float[byFold.Length];
        for (var i = 0; i < order.Length; i++) byFold.AsSpan(i * tags, tags).CopyTo(logits.AsSpan(order[i] * tags));
        return logits;
    }

    /// <inheritdoc/>
    public override float[] Fit(int[] labels, int tags, double c, CancellationToken cancellation)
    {
        var head = LogisticRegression.Fit(x, labels, tags, new LogisticRegressionOptions { C = c, DoublePrecision = false, Tolerance = 1e-6 }, cancellation);
        return [.. head.Weights, .. head.Bias];
    }

    /// <inheritdoc/>
    public override float[] Scores(float[] weights, int tags) => new LinearHead(weights[..^tags], weights[^tags..], x.Columns).Scores(x);
}

/// <summary>Counted features. Weights are [inputs + 1, tags], the biases last.</summary>
internal sealed class SparseWords(SparseRows x) : WordTable
{
    /// <inheritdoc/>
    public override int Words => x.Rows;

    /// <inheritdoc/>
    public override WordTable Take(int[] words) => new SparseWords(x.Take(words));

    /// <inheritdoc/>
    public override double Search(int[] labels, int tags, int[] folds, IReadOnlyList<double> grid, Func<float[], double> judge, CancellationToken cancellation)
    {
        double[] values = [.. grid.Order()];
        var scores = values.Select(_ => new float[labels.Length * tags]).ToArray();
        for (var f = 0; f <= folds.Max(); f++)
        {
            int[] inside = [.. Enumerable.Range(0, labels.Length).Where(i => folds[i] != f)], outside = [.. Enumerable.Range(0, labels.Length).Where(i => folds[i] == f)];
            var held = x.Take(outside);
            var solver = new SparseLinearModel(x.Take(inside), new SparseSoftmax([.. inside.Select(i => labels[i])], tags), cancellation);
            for (var c = 0; c < values.Length; c++)
            {
                if (c == 0) solver.SolvePath(values[c], 1e-3);
                else solver.Solve(values[c], 1e-3);
                var logits = SparseLinearModel.Scores(held, solver.Weights, tags);
                for (var i = 0; i < outside.Length; i++) logits.AsSpan(i * tags, tags).CopyTo(scores[c].AsSpan(outside[i] * tags));
            }
        }
        var judged = Array.ConvertAll(scores, score => judge(score));
        return values[Array.IndexOf(judged, judged.Max())];
    }

    /// <inheritdoc/>
    public override float[] Fit(int[] labels, int tags, double c, CancellationToken cancellation)
    {
        var solver = new SparseLinearModel(x, new SparseSoftmax(labels, tags), cancellation);
        solver.SolvePath(c, 1e-5);
        return solver.Weights;
    }

    /// <inheritdoc/>
    public override float[] Scores(float[] weights, int tags) => SparseLinearModel.Scores(x, weights, tags);
}
