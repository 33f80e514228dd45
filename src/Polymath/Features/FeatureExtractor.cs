using Polymath.Backbones;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Features;

/// <summary>What is extracted for each row, and how long texts are treated.</summary>
public sealed record FeatureOptions
{
    /// <summary>The poolings wanted; one forward pass serves them all.</summary>
    public IReadOnlyList<Pooling> Poolings { get; init; } = [Pooling.Mean];

    /// <summary>Only the last layer instead of all; nothing is stored then.</summary>
    public bool LastLayerOnly { get; init; }

    /// <summary>Name of one of the folder's prompts to put before each text; null for its default.</summary>
    public string? Prompt { get; init; }

    /// <summary>Whether a text beyond the token limit is split into pieces whose vectors are pooled, instead of cut.</summary>
    public bool Chunk { get; init; }

    /// <summary>Tokens that neighbouring pieces have in common.</summary>
    public int ChunkOverlap { get; init; } = 32;

    /// <summary>Text to put before each row instead of a named prompt; null takes <see cref="Prompt"/>.</summary>
    public string? Prefix { get; init; }

    /// <summary>Where features are kept and looked up; null computes always.</summary>
    public FeatureStore? Store { get; init; }

    /// <summary>The most tokens of a row or piece, special tokens included; null takes the backbone's limit.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The limit that holds: never more than the network has positions.</summary>
    internal int Limit(Backbone backbone) => Math.Min(MaxTokens ?? backbone.MaxTokens, backbone.Network.MaxTokens);

    internal string PrefixFor(Backbone backbone) => Prefix ?? backbone.Sentence.Prompt(Prompt);

    /// <summary>At most half the tokens of text in a piece.</summary>
    internal int Overlap(Backbone backbone) => Math.Min(ChunkOverlap, Math.Max(0, Limit(backbone) - backbone.Tokenizer.Encode("").Length) / 2);
}

/// <summary>What an extraction did, counted while it runs.</summary>
public sealed class FeatureReport
{
    /// <summary>Rows seen.</summary>
    public long Rows { get; internal set; }

    /// <summary>Rows that were too long and were cut.</summary>
    public long CutRows { get; internal set; }

    /// <summary>Rows that were too long and were split.</summary>
    public long SplitRows { get; internal set; }

    /// <summary>Rows or pieces that came from the store.</summary>
    public long FromStore { get; internal set; }

    /// <summary>Rows or pieces that went through the network.</summary>
    public long Computed { get; internal set; }
}

/// <summary>Features of some consecutive rows: for each pooling, the vectors of all layers of a row one after another.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Stride">Values of a row: layers × width.</param>
/// <param name="Values">Row-major values by pooling.</param>
internal sealed record FeatureBlock(Row[] Rows, int Stride, IReadOnlyDictionary<Pooling, float[]> Values)
{
    /// <summary>Each row's values under one pooling.</summary>
    public IEnumerable<ReadOnlyMemory<float>> Vectors(Pooling pooling) =>
        Enumerable.Range(0, Rows.Length).Select(r => new ReadOnlyMemory<float>(Values[pooling], r * Stride, Stride));
}

/// <summary>
/// text → tokens → packed batch → backbone → pooled vectors of every layer. Rows are taken in windows, so memory does not grow with the data;
/// within a window they are sorted by length and cut into batches by a token budget. Batches are made from all rows of a window, whatever the
/// store already holds, and a batch runs where any of its rows is missing: composition is a pure function of rows and budget.
/// </summary>
internal sealed class FeatureExtractor(Backbone backbone, FeatureOptions options)
{
    private const int WindowRows = 2048;

    private readonly string _prompt = options.PrefixFor(backbone);
    private readonly int _layers = options.LastLayerOnly ? 1 : backbone.Config.Layers + 1;

    private readonly FeatureStore? _store = options.LastLayerOnly ? null : options.Store;

    /// <summary>Counts of this extractor's work.</summary>
    public FeatureReport Report { get; } = new();

    private int Stride => _layers * backbone.Config.Width;

    /// <summary>Extracts features window by window.</summary>
    /// <param name="rows">Rows, read lazily.</param>
    /// <param name="total">Their number where known, for progress.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellation">Stops between batches; what was computed so far is in the store.</param>
    public IEnumerable<FeatureBlock> Extract(IEnumerable<Row> rows, long? total = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        foreach (var window in rows.Chunk(WindowRows))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return ExtractWindow(window, total, progress, cancellation);
        }
    }

    private FeatureBlock ExtractWindow(Row[] rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var (pieces, ends) = Tokenize(rows);
        var keys = Array.ConvertAll(pieces, piece => piece.Key);
        var values = options.Poolings.ToDictionary(pooling => pooling, _ => new float[pieces.Length * Stride]);
        var known = Lookup(keys, values);
        var done = Report.Rows;
        var finished = 0;
        var fresh = new List<int>();
        foreach (var batch in TokenRow.Batches(pieces, backbone.TokenBudget))
        {
            cancellation.ThrowIfCancellationRequested();
            if (batch.Any(piece => !known[piece]))
            {
                Run(batch, pieces, known, values);
                fresh.AddRange(batch.Where(piece => !known[piece]));
                if (fresh.Count >= 256) Store(fresh, keys, values);
            }
            finished += batch.Length;
            progress?.Report(new WorkProgress("features", done + (long)rows.Length * finished / pieces.Length, total));
        }
        Store(fresh, keys, values);
        var missing = known.Count(k => !k);
        Report.Rows += rows.Length;
        Report.FromStore += pieces.Length - missing;
        Report.Computed += missing;
        return new FeatureBlock(rows, Stride, pieces.Length == rows.Length ? values : values.ToDictionary(v => v.Key, v => Gather(v.Key, v.Value, pieces, ends)));
    }

    /// <summary>Token rows of all texts; a text that is split gives several, <c>ends</c> tells where each text's end.</summary>
    private (TokenRow[] Pieces, int[] Ends) Tokenize(Row[] rows)
    {
        var pieces = new List<TokenRow>(rows.Length);
        var ends = new int[rows.Length];
        for (var r = 0; r < rows.Length; r++)
        {
            IReadOnlyList<Encoding> encodings;
            if (options.Chunk && rows[r].Pair is null)
            {
                var text = _prompt + rows[r].Text;
                if (backbone.Sentence.LowerCase) text = text.ToLowerInvariant();
                encodings = backbone.Tokenizer.Encode(text, null, new EncodeOptions { MaxLength = options.Limit(backbone), Stride = options.Overlap(backbone) });
                if (encodings.Count > 1) Report.SplitRows++;
            }
            else
            {
                encodings = [TokenRow.Cut(backbone, _prompt, rows[r], options.Limit(backbone), out var cut)];
                if (cut) Report.CutRows++;
            }
            foreach (var encoding in encodings) pieces.Add(TokenRow.From(encoding, backbone, rows[r]));
            ends[r] = pieces.Count;
        }
        return ([.. pieces], ends);
    }

    private bool[] Lookup(ContentKey[] keys, Dictionary<Pooling, float[]> values)
    {
        var known = new bool[keys.Length];
        if (_store is null) return known;
        Array.Fill(known, true);
        var found = new bool[keys.Length];
        foreach (var (pooling, target) in values)
        {
            _store.Read(Space(pooling), keys, Stride, target, found);
            for (var i = 0; i < known.Length; i++) known[i] &= found[i];
        }
        return known;
    }

    private void Store(List<int> fresh, ContentKey[] keys, Dictionary<Pooling, float[]> values)
    {
        if (_store is not null && fresh.Count > 0)
        {
            ContentKey[] freshKeys = [.. fresh.Select(piece => keys[piece])];
            var block = new float[fresh.Count * Stride];
            foreach (var (pooling, source) in values)
            {
                for (var i = 0; i < fresh.Count; i++) source.AsSpan(fresh[i] * Stride, Stride).CopyTo(block.AsSpan(i * Stride));
                _store.Write(Space(pooling), freshKeys, block, Stride);
            }
        }
        fresh.Clear();
    }

    /// <summary>Everything besides the tokens that a stored vector depends on.</summary>
    private string Space(Pooling pooling) => $"{backbone.Hash}|{pooling}|{Precisions.Name(backbone.Precision)}|layers";

    private void Run(int[] rows, TokenRow[] pieces, bool[] known, Dictionary<Pooling, float[]> values)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var batch = TokenRow.Pack(rows, pieces);
        var hidden = backbone.Network.Hidden(batch, layer => !options.LastLayerOnly || layer == backbone.Config.Layers);
        backbone.CountForwardPass();
        var discard = new float[backbone.Config.Width];
        var states = hidden.Where(state => state is not null).ToArray();
        for (var layer = 0; layer < states.Length; layer++)
            Pooler.Pool(states[layer]!, batch, options.Poolings, (row, pooling) => known[rows[row]]
                ? discard // what the store gave stays, so that equal states of the store give equal bits
                : values[options.Poolings[pooling]].AsSpan(rows[row] * Stride + layer * backbone.Config.Width, backbone.Config.Width));
    }

    /// <summary>One vector for each text from the vectors of its pieces: the mean weighted by tokens, or the maximum.</summary>
    private float[] Gather(Pooling pooling, float[] pieceValues, TokenRow[] pieces, int[] ends)
    {
        var values = new float[ends.Length * Stride];
        for (var r = 0; r < ends.Length; r++)
        {
            var target = values.AsSpan(r * Stride, Stride);
            int first = r == 0 ? 0 : ends[r - 1];
            float tokens = 0;
            for (var piece = first; piece < ends[r]; piece++) tokens += pieces[piece].Ids.Length;
            for (var piece = first; piece < ends[r]; piece++)
            {
                var source = pieceValues.AsSpan(piece * Stride, Stride);
                if (pooling != Pooling.Max) System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(source, pieces[piece].Ids.Length / tokens, target, target);
                else if (piece == first) source.CopyTo(target);
                else System.Numerics.Tensors.TensorPrimitives.Max(target, source, target);
            }
        }
        return values;
    }
}
