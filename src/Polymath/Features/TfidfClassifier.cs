using Polymath.Evaluation;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Features;

/// <summary>How a <see cref="TfidfClassifier"/> is trained.</summary>
public sealed record TfidfClassifierOptions
{
    /// <summary>How text becomes features.</summary>
    public TfidfOptions Features { get; init; } = new();

    /// <summary>
    /// The most weights (terms × classes): the rarest terms are left out until so many suffice, which bounds time and memory where there
    /// are many classes. Terms of a single text are the first to go.
    /// </summary>
    public int MaxWeights { get; init; } = 2_000_000;

    /// <summary>The values of C to choose from by cross-validation; a single one is taken as it is.</summary>
    public IReadOnlyList<double> Grid { get; init; } = [1, 4, 16, 64];

    /// <summary>The number of folds.</summary>
    public int Folds { get; init; } = 3;

    /// <summary>What selection optimises.</summary>
    public Metric Metric { get; init; } = Metric.Accuracy;

    /// <summary>The seed of the folds.</summary>
    public int Seed { get; init; }
}

/// <summary>TF-IDF and logistic regression: a text classifier without any pre-trained model, and the yardstick for those that have one. Immutable.</summary>
public sealed class TfidfClassifier
{
    private readonly float[] _weights; // [terms + 1, classes], biases last

    private TfidfClassifier(Tfidf features, float[] weights, int classes, double c) => (Features, _weights, Classes, C) = (features, weights, classes, c);

    /// <summary>The vocabulary and its weights.</summary>
    public Tfidf Features { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The C it was trained with; NaN after <see cref="Restore"/>.</summary>
    public double C { get; }

    /// <summary>Everything that must be saved besides <see cref="Tfidf.Terms"/> and <see cref="Tfidf.Options"/>.</summary>
    public IReadOnlyList<(string Name, int[] Shape, float[] Values)> Arrays
    {
        get
        {
            var split = _weights.Length - Classes;
            return [("idf", [Features.Terms.Count], Features.Idf), ("weight", [Features.Terms.Count, Classes], _weights[..split]), ("bias", [Classes], _weights[split..])];
        }
    }

    /// <summary>Rebuilds a classifier from its vocabulary, options and <see cref="Arrays"/>.</summary>
    /// <exception cref="PolymathException">An array is missing or misshapen.</exception>
    public static TfidfClassifier Restore(IReadOnlyList<string> terms, TfidfOptions options, IReadOnlyList<(string Name, int[] Shape, float[] Values)> arrays)
    {
        var (shape, weights) = Head.Find(arrays, "weight", 2);
        var bias = Head.Find(arrays, "bias", 1).Values;
        if (shape[0] != terms.Count || shape[1] != bias.Length)
            throw new PolymathException($"head tensor 'weight' has shape [{shape[0]}, {shape[1]}], expected [{terms.Count}, {bias.Length}], terms and classes");
        return new TfidfClassifier(new Tfidf(terms, Head.Find(arrays, "idf", 1).Values, options), [.. weights, .. bias], bias.Length, double.NaN);
    }

    /// <summary>Trains: vocabulary of all texts, C by stratified cross-validation with warm starts, then a fit on all rows.</summary>
    /// <param name="texts">The training texts.</param>
    /// <param name="labels">Their classes.</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    /// <param name="options">Features, grid, folds, metric, seed.</param>
    /// <param name="progress">Receives the share of the work that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="PolymathException">No term is left: the texts hold no words, or none occurs often enough.</exception>
    public static TfidfClassifier Fit(IReadOnlyList<string> texts, int[] labels, int classes, TfidfClassifierOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new TfidfClassifierOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (labels.Length != texts.Count || labels.Length == 0) throw new ArgumentException($"{labels.Length} labels for {texts.Count} texts");
        if (options.Grid.Count == 0 || options.Grid.Any(value => value is not (> 0 and < double.PositiveInfinity))) throw new ArgumentException("the grid holds positive numbers");
        var features = TfidfSearch.Vocabulary(texts, options.Features, options.MaxWeights / classes);
        var x = features.Transform(texts);
        // Where the folds would not fit the rows, the smallest C is the careful choice.
        var data = new LabelledRows([.. texts.Select(text => new Row(text))], labels, new LabelMap(Enumerable.Range(0, classes).Select(k => $"{k}")));
        var found = TfidfSearch.Choose(x, data, options, progress, cancellation);
        progress?.Report(1);
        return new TfidfClassifier(features, TfidfSearch.Solve(x, data, found.C, cancellation), classes, found.C);
    }

    /// <summary>The logits of texts, [texts, classes], row-major; their softmax gives class probabilities.</summary>
    public float[] Scores(IReadOnlyList<string> texts) => SparseLinearModel.Scores(Features.Transform(texts), _weights, Classes);

    /// <summary>The most probable class of each text.</summary>
    public int[] Predict(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return [];
        var scores = Scores(texts);
        return Outcomes.FromScores(new int[texts.Count], scores, Classes).Predicted;
    }
}
