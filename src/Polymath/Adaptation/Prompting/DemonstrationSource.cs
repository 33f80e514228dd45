using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>The rows that prompts show: the same for every prompt, or for each row those nearest to it.</summary>
internal sealed class DemonstrationSource
{
    /// <summary>Rows in a row that find no room before the search ends.</summary>
    private const int Misses = 50;

    private readonly Demonstration[] _pool;
    private readonly DemonstrationOptions? _options;
    private readonly Backbone? _encoder;
    private readonly FeatureStore? _store;
    private readonly int[] _costs;

    private DemonstrationSource(Demonstration[] pool, DemonstrationOptions? options, FeatureMatrix? features, Backbone? encoder, FeatureStore? store) =>
        (_pool, _options, Features, _encoder, _store, _costs) = (pool, options, features, encoder, store, [.. Enumerable.Repeat(-1, pool.Length)]);

    /// <summary>No demonstrations.</summary>
    public static DemonstrationSource None { get; } = new([], null, null, null, null);

    /// <summary>Whether every prompt shows the same rows.</summary>
    public bool IsFixed => Features is null;

    /// <summary>The rows that are kept: those shown, or all that are chosen from.</summary>
    public IReadOnlyList<Demonstration> Pool => _pool;

    /// <summary>Features of the pool, where rows are chosen for each prompt.</summary>
    public FeatureMatrix? Features { get; }

    /// <summary>Rows that are the same for every prompt, in the order in which they are shown.</summary>
    public static DemonstrationSource Fixed(IEnumerable<Demonstration> shown) => new([.. shown], null, null, null, null);

    /// <summary>Rows chosen for each prompt.</summary>
    /// <param name="pool">What is chosen from.</param>
    /// <param name="features">Its features, of length one.</param>
    /// <param name="options">How many.</param>
    /// <param name="encoder">Gives the features of rows that are asked about.</param>
    /// <param name="store">Where those are kept, or null.</param>
    public static DemonstrationSource Nearest(Demonstration[] pool, FeatureMatrix features, DemonstrationOptions options, Backbone encoder, FeatureStore? store) => new(pool, options, features, encoder, store);

    /// <summary>Goes through an order of rows and takes those that fit until there are enough.</summary>
    /// <param name="ranked">Row numbers, the best first.</param>
    /// <param name="options">How many, and how many tokens.</param>
    /// <param name="cost">Tokens of a row.</param>
    /// <returns>Row numbers, the best last, as it stands nearest to the question.</returns>
    public static int[] Take(IEnumerable<int> ranked, DemonstrationOptions options, Func<int, int> cost)
    {
        var taken = new List<int>();
        var (left, misses) = (options.TokenBudget ?? int.MaxValue, 0);
        foreach (var row in ranked)
        {
            if (taken.Count == options.Count || misses == Misses) break;
            if (options.TokenBudget is not null && cost(row) > left)
            {
                misses++;
                continue;
            }
            misses = 0;
            if (options.TokenBudget is not null) left -= cost(row);
            taken.Add(row);
        }
        taken.Reverse();
        return [.. taken];
    }

    /// <summary>What is shown before each row.</summary>
    /// <param name="rows">Rows that are asked about.</param>
    /// <param name="filler">Knows what a demonstration costs.</param>
    /// <param name="own">Of rows that are in the pool their number there, so that they are not shown to themselves; null for rows that are not.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public IReadOnlyList<Demonstration>[] For(IReadOnlyList<Row> rows, PromptFiller filler, int[]? own, CancellationToken cancellation) =>
        IsFixed ? [.. Enumerable.Repeat<IReadOnlyList<Demonstration>>(_pool, rows.Count)]
            : [.. Choose(rows, filler, own, cancellation).Select(chosen => (IReadOnlyList<Demonstration>)[.. chosen.Select(row => _pool[row])])];

    /// <summary>The pool's rows that are shown before each row, the nearest last.</summary>
    public int[][] Choose(IReadOnlyList<Row> rows, PromptFiller filler, int[]? own, CancellationToken cancellation)
    {
        var x = own is null ? UnitFeatures.Of(_encoder!, rows, _store, cancellation: cancellation) : Features!.Take(own);
        var chosen = new int[rows.Count][];
        for (var r = 0; r < chosen.Length; r++)
            chosen[r] = Take(DemonstrationRanking.Nearest(Features!, x.Row(r), own?[r] ?? -1), _options!, row => _costs[row] >= 0 ? _costs[row] : _costs[row] = filler.Cost(_pool[row]));
        return chosen;
    }
}
