using Polymath.Evaluation;

namespace Polymath.Tasks.Heads;

/// <summary>What a fit of <see cref="LogisticRegression"/> depends on besides the data.</summary>
public sealed record LogisticRegressionOptions
{
    /// <summary>The weight of the loss against the penalty, as scikit-learn's C: larger fits closer.</summary>
    public double C { get; init; } = 1;

    /// <summary>A weight for each class's rows, or null for all 1; see <see cref="LogisticRegression.BalancedWeights"/>.</summary>
    public double[]? ClassWeights { get; init; }

    /// <summary>The estimated relative distance of the objective from its minimum at which the solver stops.</summary>
    public double Tolerance { get; init; } = 1e-11;

    /// <summary>The most solver steps.</summary>
    public int MaxIterations { get; init; } = 2000;

    /// <summary>Where to start from, for example the solution for another C; null: from zero.</summary>
    public LinearHead? Start { get; init; }

    /// <summary>Finish in float64 (the default); float32 alone reaches a tolerance of about 1e-6 in half the time.</summary>
    public bool DoublePrecision { get; init; } = true;
}

/// <summary>What a cross-validation of <see cref="LogisticRegression"/> depends on besides data, folds and grid.</summary>
public sealed record CrossValidationOptions
{
    /// <summary>What selection optimises.</summary>
    public Metric Metric { get; init; } = Metric.Accuracy;

    /// <summary>A weight for each class's rows, or null for all 1.</summary>
    public double[]? ClassWeights { get; init; }

    /// <summary>As <see cref="LogisticRegressionOptions.Tolerance"/>, for every fit in float32.</summary>
    public double Tolerance { get; init; } = 1e-5;

    /// <summary>The most solver steps of one fit.</summary>
    public int MaxIterations { get; init; } = 500;

    /// <summary>The search goes from small C to large and stops after so many values in a row without a new best; 0 tries the whole grid.</summary>
    public int Patience { get; init; } = 2;
}

/// <summary>The result of a cross-validated search for C.</summary>
/// <param name="Grid">The values of C, ascending.</param>
/// <param name="Scores">The mean over folds of the metric for each C; NaN for those that patience left out.</param>
/// <param name="BestC">The smallest C with the best mean score.</param>
/// <param name="BestScore">Its mean score.</param>
/// <param name="OutOfFoldScores">For the best C, each row's logits from the fit that did not see it, [rows, classes].</param>
/// <param name="Start">The mean of the folds' solutions for the best C: a start for the final fit on all rows.</param>
/// <param name="Evaluations">Evaluations of the objective and its gradient.</param>
/// <param name="GigaFlop">Billions of floating-point operations in matrix products.</param>
public sealed record CrossValidation(double[] Grid, double[] Scores, double BestC, double BestScore, float[] OutOfFoldScores, LinearHead Start,
    int Evaluations, double GigaFlop);
