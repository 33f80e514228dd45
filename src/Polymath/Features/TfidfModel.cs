using Polymath.Evaluation;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Features;

/// <summary>A linear model on TF-IDF features for tasks of every kind; of pairs on both texts together, or on products and differences of their vectors. Immutable.</summary>
internal sealed class TfidfModel
{
    private readonly float[] _weights; // [inputs + 1, outputs], biases last

    private TfidfModel(Tfidf features, PairEncoding? pairs, float[] weights, int outputs) => (Features, Pairs, _weights, Outputs) = (features, pairs, weights, outputs);

    /// <summary>The vocabulary and its weights.</summary>
    public Tfidf Features { get; }

    /// <summary>How two texts become one vector; null where rows are single texts.</summary>
    public PairEncoding? Pairs { get; }

    /// <summary>Scores of a row.</summary>
    public int Outputs { get; }

    /// <summary>What cross-validation found; null after <see cref="Restore"/>.</summary>
    public TfidfFound? Found { get; private init; }

    /// <summary>Everything that must be saved besides the vocabulary.</summary>
    public IReadOnlyList<(string Name, int[] Shape, float[] Values)> Arrays
    {
        get
        {
            var split = _weights.Length - Outputs;
            return [("idf", [Features.Terms.Count], Features.Idf), ("weight", [split / Outputs, Outputs], _weights[..split]), ("bias", [Outputs], _weights[split..])];
        }
    }

    /// <summary>Rebuilds a model from its vocabulary, options, encoding and <see cref="Arrays"/>.</summary>
    /// <exception cref="PolymathException">An array is missing or misshapen.</exception>
    public static TfidfModel Restore(IReadOnlyList<string> terms, TfidfOptions options, PairEncoding? pairs, IReadOnlyList<(string Name, int[] Shape, float[] Values)> arrays)
    {
        var (shape, weights) = Head.Find(arrays, "weight", 2);
        var bias = Head.Find(arrays, "bias", 1).Values;
        var inputs = (pairs ?? PairEncoding.Joint).Width(terms.Count, 1);
        if (shape[0] != inputs || shape[1] != bias.Length)
            throw new PolymathException($"head tensor 'weight' has shape [{shape[0]}, {shape[1]}], expected [{inputs}, {bias.Length}], inputs and outputs");
        return new TfidfModel(new Tfidf(terms, Head.Find(arrays, "idf", 1).Values, options), pairs, [.. weights, .. bias], bias.Length);
    }

    /// <summary>Trains: vocabulary of all texts, C (and of pairs the encoding) by cross-validation, then a fit on all rows.</summary>
    /// <exception cref="PolymathException">No term is left.</exception>
    public static TfidfModel Fit(LabelledRows data, PairEncoding? pairs, TfidfClassifierOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        // A linear model of numbers is fitted to numbers of mean 0 and spread 1, and turned back afterwards.
        var (mean, spread) = data.Kind == TaskKind.Regression ? Moments(data.Values) : (0, 1);
        if (data.Kind == TaskKind.Regression) data = data with { Values = [.. data.Values.Select(value => (value - mean) / spread)] };
        PairEncoding[] encodings = !data.Pairs ? [PairEncoding.Joint] : pairs is { } one ? [one] : [PairEncoding.Joint, PairEncoding.Siamese];
        (Tfidf Features, SparseRows X, PairEncoding Encoding, TfidfFound Found)? best = null;
        foreach (var encoding in encodings)
        {
            string[] texts = encoding == PairEncoding.Joint ? [.. data.Rows.Select(Text)] : [.. data.Rows.SelectMany(row => new[] { row.Text, row.Pair! })];
            var features = TfidfSearch.Vocabulary(texts, options.Features, options.MaxWeights / data.Outputs / encoding.Width(1, 0));
            var x = Encode(features, encoding, data.Rows);
            var found = TfidfSearch.Choose(x, data, options, progress, cancellation);
            if (best is null || options.Metric.IsBetter(found.Score, best.Value.Found.Score)) best = (features, x, encoding, found);
        }
        var chosen = best!.Value;
        var weights = TfidfSearch.Solve(chosen.X, data, chosen.Found.C, cancellation);
        if (data.Kind == TaskKind.Regression)
        {
            for (var i = 0; i < weights.Length; i++) weights[i] = (float)(weights[i] * spread);
            weights[^1] += (float)mean;
        }
        progress?.Report(1);
        return new TfidfModel(chosen.Features, data.Pairs ? chosen.Encoding : null, weights, data.Outputs) { Found = chosen.Found };
    }

    /// <summary>The scores of rows, [rows, outputs], row-major.</summary>
    /// <exception cref="PolymathException">A row is a single text, but the model compares two.</exception>
    public float[] Scores(IReadOnlyList<Row> rows) => SparseLinearModel.Scores(Encode(Features, Pairs ?? PairEncoding.Joint, rows), _weights, Outputs);

    private static (double Mean, double Spread) Moments(double[] values)
    {
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))) is > 0 and var spread ? spread : 1);
    }

    /// <summary>The text a row stands for: both texts of a pair, one after the other.</summary>
    private static string Text(Row row) => row.Pair is null ? row.Text : $"{row.Text}\n{row.Pair}";

    private static SparseRows Encode(Tfidf features, PairEncoding encoding, IReadOnlyList<Row> rows) => encoding == PairEncoding.Joint
        ? features.Transform([.. rows.Select(Text)])
        : SparsePairs.Join(encoding, features.Transform([.. rows.Select(row => row.Text)]), features.Transform([.. rows.Select(row => row.Pair ?? throw PairEncodings.Single(row))]));
}
