using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Features;

/// <summary>What cross-validation found.</summary>
/// <param name="C">The best C.</param>
/// <param name="Score">The metric, by the folds' mean or over all rows left out; NaN where nothing was compared.</param>
/// <param name="LeftOut">For the best C each row's scores by the model that did not see it, [rows, outputs]; empty where nothing was compared.</param>
internal sealed record TfidfFound(double C, double Score, float[] LeftOut);

/// <summary>The vocabulary, the choice of C and the fit of linear models on TF-IDF, of any kind.</summary>
internal static class TfidfSearch
{
    /// <summary>All terms, or so many of the most frequent ones that at most <paramref name="most"/> are left.</summary>
    /// <exception cref="PolymathException">No term is left: the texts hold no words, or none occurs often enough.</exception>
    public static Tfidf Vocabulary(IReadOnlyList<string> texts, TfidfOptions options, int most)
    {
        var features = Tfidf.Fit(texts, options);
        for (var rarest = options.MinTexts + 1; features.Terms.Count > most; rarest++) features = Tfidf.Fit(texts, options with { MinTexts = rarest });
        return features.Terms.Count > 0 ? features
            : throw new PolymathException($"TF-IDF finds no term in {texts.Count} training text(s); expected words that occur in at least {options.MinTexts} of them");
    }

    /// <summary>The weights on all rows, [inputs + 1, outputs], biases last.</summary>
    public static float[] Solve(SparseRows x, LabelledRows data, double c, CancellationToken cancellation)
    {
        var model = new SparseLinearModel(x, SparseLosses.Of(data), cancellation);
        model.SolvePath(c, 1e-5);
        return model.Weights;
    }

    /// <summary>Chooses C by cross-validation with warm starts; the smallest where there are fewer rows than folds.</summary>
    public static TfidfFound Choose(SparseRows x, LabelledRows data, TfidfClassifierOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        double[] grid = [.. options.Grid.Order()];
        // Thresholds of labels are chosen on rows left out, so these are needed even where there is one C only.
        if ((grid.Length == 1 && data.Kind == TaskKind.Classification) || data.Rows.Count < options.Folds) return new TfidfFound(grid[0], double.NaN, []);
        var folds = data.Folds(options.Folds, options.Seed);
        var (count, outputs) = (folds.Max() + 1, data.Outputs);
        var leftOut = grid.Select(_ => new float[data.Rows.Count * outputs]).ToArray();
        var sums = new double[grid.Length];
        for (var f = 0; f < count; f++)
        {
            int[] inside = [.. Enumerable.Range(0, folds.Length).Where(i => folds[i] != f)];
            int[] outside = [.. Enumerable.Range(0, folds.Length).Where(i => folds[i] == f)];
            var held = data.Take(outside);
            var heldRows = x.Take(outside);
            var solver = new SparseLinearModel(x.Take(inside), SparseLosses.Of(data.Take(inside)), cancellation);
            for (var c = 0; c < grid.Length; c++)
            {
                if (c == 0) solver.SolvePath(grid[c], 1e-3);
                else solver.Solve(grid[c], 1e-3);
                var scores = SparseLinearModel.Scores(heldRows, solver.Weights, outputs);
                for (var i = 0; i < outside.Length; i++) scores.AsSpan(i * outputs, outputs).CopyTo(leftOut[c].AsSpan(outside[i] * outputs));
                if (data.Kind == TaskKind.Classification) sums[c] += options.Metric.Compute(Outcomes.FromScores(held.Labels, scores, outputs)) / count;
                progress?.Report((f * grid.Length + c + 1.0) / (count * grid.Length + 2));
            }
        }
        if (data.Kind == TaskKind.MultiLabel)
            for (var c = 0; c < grid.Length; c++) sums[c] = Tasks.Heads.MultiLabelRegression.Score(options.Metric, data.Marks, leftOut[c], outputs);
        if (data.Kind == TaskKind.Regression)
            for (var c = 0; c < grid.Length; c++) sums[c] = options.Metric.Compute(TaskMetrics.Score(data, leftOut[c]));
        var best = 0;
        for (var c = 1; c < grid.Length; c++)
            if (options.Metric.IsBetter(sums[c], sums[best])) best = c;
        return new TfidfFound(grid[best], sums[best], leftOut[best]);
    }
}
