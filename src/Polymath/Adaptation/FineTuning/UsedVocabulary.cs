using Polymath.Checkpoints;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>
/// The tokens that occur in the rows of a training. Only their embeddings ever get a gradient, so only these are trained; AdamW's weight decay,
/// all that happens to the others, is one multiplication at the end. The result is that of training the whole table, but for rounding, while a
/// step no longer reads and writes tens of thousands of rows that nothing happens to.
/// </summary>
internal sealed class UsedVocabulary
{
    /// <summary>How the families call the table of token embeddings.</summary>
    private static readonly string[] Tables = ["word_embeddings.weight", "tok_embeddings.weight", "wte.weight", "embed_tokens.weight", "shared.weight"];

    private readonly int[] _ids;
    private readonly Dictionary<int, int> _places;

    private UsedVocabulary(int[] ids) => (_ids, _places) = (ids, ids.Select((id, place) => (id, place)).ToDictionary(entry => entry.id, entry => entry.place));

    /// <summary>The number of tokens.</summary>
    public int Count => _ids.Length;

    /// <summary>The tokens of some rows.</summary>
    public static UsedVocabulary Of(IEnumerable<TokenRow> rows) => new([.. rows.SelectMany(row => row.Ids).Distinct().Order()]);

    /// <summary>All tokens of a network, under their own numbers.</summary>
    public static UsedVocabulary All(int count) => new([.. Enumerable.Range(0, count)]);

    /// <summary>The rows with the tokens numbered by their places in the smaller table.</summary>
    public TokenRow[] Renumber(IEnumerable<TokenRow> rows) => [.. rows.Select(row => row with { Ids = Array.ConvertAll(row.Ids, id => _places[id]) })];

    /// <summary>The weights of a network that knows these tokens only.</summary>
    public ITensorSource Restrict(ITensorSource full) => new Restricted(full, this);

    /// <summary>The complete weights after training, as tensors of their own.</summary>
    /// <param name="trained">The small network's parameters.</param>
    /// <param name="full">The weights that training started from.</param>
    /// <param name="decay">What weight decay left of the embeddings of tokens that did not occur.</param>
    public Dictionary<string, Tensor> Expand(IReadOnlyDictionary<string, Tensor> trained, ITensorSource full, double decay)
    {
        using var noGrad = no_grad();
        return trained.ToDictionary(entry => entry.Key, entry =>
        {
            if (!IsTable(entry.Key)) return entry.Value.detach().clone();
            var name = full.Names.First(stored => stored.EndsWith(Tables.First(table => entry.Key.EndsWith(table, StringComparison.Ordinal)), StringComparison.Ordinal));
            var table = full.Read(name).to(ScalarType.Float32).mul(decay);
            table.index_copy_(0, Ids(), entry.Value.detach());
            return table;
        });
    }

    private static bool IsTable(string name) => Tables.Any(table => name.EndsWith(table, StringComparison.Ordinal));

    private Tensor Ids() => tensor(Array.ConvertAll(_ids, id => (long)id));

    private sealed class Restricted(ITensorSource full, UsedVocabulary used) : ITensorSource
    {
        public string Path => full.Path;

        public IReadOnlyCollection<string> Names => full.Names;

        public bool Contains(string name) => full.Contains(name);

        public TensorInfo Info(string name) => IsTable(name) ? full.Info(name) with { Shape = [used.Count, full.Info(name).Shape[1]] } : full.Info(name);

        public Tensor Read(string name) => IsTable(name) ? full.Read(name).index_select(0, used.Ids()) : full.Read(name);

        public void Dispose() { }
    }
}
