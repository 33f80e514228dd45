using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Text;

/// <summary>How the attention of a packed batch is cut into calls; every way gives the same result.</summary>
internal enum AttentionLayout
{
    /// <summary>Rows of equal length together; small groups of similar length padded into one. What measures fastest.</summary>
    Grouped,
    /// <summary>One call with every row padded to the longest: the reference way, for tests.</summary>
    Padded,
}

/// <summary>
/// Rows of a batch that one attention call handles, seen as [rows, length].
/// Where the rows differ in length, <see cref="Gather"/> copies tokens into the padded layout [rows · length], <see cref="Scatter"/>
/// copies results back to packed tokens, and <see cref="Mask"/> [rows, 1, 1, length] is 0 for a token and −∞ for padding.
/// </summary>
/// <param name="Tokens">Real tokens of the group; groups follow one another in packed order.</param>
/// <param name="Rows">Rows of the group.</param>
/// <param name="Length">Tokens of its longest row.</param>
/// <param name="Gather">Padded place → token of the group.</param>
/// <param name="Scatter">Token of the group → padded place.</param>
/// <param name="Mask">What is added to the attention scores.</param>
internal sealed record AttentionGroup(int Tokens, int Rows, int Length, Tensor? Gather = null, Tensor? Scatter = null, Tensor? Mask = null);

/// <summary>
/// A batch without padding: the tokens of all rows one after another. Rows are ordered by length (stable), so that rows of equal length lie
/// together; <see cref="Order"/> leads back to the caller's rows. Composition depends on the rows alone.
/// </summary>
internal sealed class PackedBatch : IDisposable
{
    /// <summary>
    /// An attention call costs about as much as copying this many tokens into a padded layout and back. Measured with <c>bench attention</c>:
    /// sorted batches keep their groups of equal length apart, batches of random rows end with two or three padded groups.
    /// </summary>
    private const int TokensWorthACall = 128;

    private PackedBatch(int[] order, int[] offsets, Tensor ids, Tensor typeIds, Tensor positions, Tensor firstTokens, IReadOnlyList<AttentionGroup> groups)
    {
        (Order, Offsets, Ids, TypeIds, Positions, FirstTokens, Groups) = (order, offsets, ids, typeIds, positions, firstTokens, groups);
    }

    /// <summary>Packed row → the caller's row.</summary>
    public int[] Order { get; }

    /// <summary>The caller's row → packed row.</summary>
    public int[] Places
    {
        get
        {
            var places = new int[Order.Length];
            for (var packed = 0; packed < places.Length; packed++) places[Order[packed]] = packed;
            return places;
        }
    }

    /// <summary>Packed row r holds tokens Offsets[r] to Offsets[r + 1] − 1.</summary>
    public int[] Offsets { get; }

    /// <summary>Token ids, int64 [T].</summary>
    public Tensor Ids { get; }

    /// <summary>Token types, int64 [T].</summary>
    public Tensor TypeIds { get; }

    /// <summary>Positions within their rows from 0, int64 [T].</summary>
    public Tensor Positions { get; }

    /// <summary>The first token of each packed row, int64 [rows].</summary>
    public Tensor FirstTokens { get; }

    /// <summary>The attention calls that together cover all rows, in packed order.</summary>
    public IReadOnlyList<AttentionGroup> Groups { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => Order.Length;

    /// <summary>Number of tokens.</summary>
    public int Tokens => Offsets[^1];

    /// <summary>Cuts rows, sorted by length (stable), into batches of at most a number of tokens; a longer row is a batch of its own.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="length">The tokens of a row.</param>
    /// <param name="budget">The most tokens of a batch.</param>
    public static IEnumerable<int[]> ByBudget(IEnumerable<int> rows, Func<int, int> length, int budget)
    {
        int[] order = [.. rows.OrderBy(length)];
        for (int start = 0, end; start < order.Length; start = end)
        {
            var tokens = 0;
            for (end = start; end < order.Length && (end == start || tokens + length(order[end]) <= budget); end++) tokens += length(order[end]);
            yield return order[start..end];
        }
    }

    /// <summary>Packs rows of token ids; a row must have at least one token.</summary>
    /// <param name="rows">Token ids of each row.</param>
    /// <param name="typeIds">Token types of each row, or null for all 0.</param>
    /// <param name="layout">How attention is cut into calls.</param>
    /// <param name="tokensWorthACall">How many tokens may be copied, padding included, to save an attention call.</param>
    public static PackedBatch Create(
        IReadOnlyList<int[]> rows, IReadOnlyList<int[]>? typeIds = null, AttentionLayout layout = AttentionLayout.Grouped, int tokensWorthACall = TokensWorthACall)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(r => rows[r].Length)]; // OrderBy is stable
        var offsets = new int[order.Length + 1];
        for (var r = 0; r < order.Length; r++) offsets[r + 1] = offsets[r] + rows[order[r]].Length;
        long[] ids = new long[offsets[^1]], types = new long[offsets[^1]], positions = new long[offsets[^1]], first = new long[order.Length];
        for (var r = 0; r < order.Length; r++)
        {
            var row = rows[order[r]];
            first[r] = offsets[r];
            for (var t = 0; t < row.Length; t++)
            {
                ids[offsets[r] + t] = row[t];
                types[offsets[r] + t] = typeIds?[order[r]] is { } type ? type[t] : 0;
                positions[offsets[r] + t] = t;
            }
        }
        var groups = Ranges(offsets, layout, tokensWorthACall).Select(range => Group(offsets, range.First, range.End)).ToArray();
        return new PackedBatch(order, offsets, Own(tensor(ids)), Own(tensor(types)), Own(tensor(positions)), Own(tensor(first)), groups);
    }

    /// <summary>Frees the batch's tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in new[] { Ids, TypeIds, Positions, FirstTokens }) tensor.Dispose();
        foreach (var group in Groups)
        {
            group.Gather?.Dispose();
            group.Scatter?.Dispose();
            group.Mask?.Dispose();
        }
    }

    /// <summary>
    /// Cuts the rows (sorted by length) into ranges, one attention call each. Rows of equal length belong together; such a run joins the range
    /// before it where the tokens that must then be copied are worth less than a call: the whole range, or, where that is padded already, what
    /// the run and the longer padding add.
    /// </summary>
    private static IEnumerable<(int First, int End)> Ranges(int[] offsets, AttentionLayout layout, int tokensWorthACall)
    {
        var rows = offsets.Length - 1;
        int Length(int row) => offsets[row + 1] - offsets[row];
        int first = 0, end = 0, copied = 0; // the range so far, and the tokens it copies: none where all its rows are equally long
        while (end < rows)
        {
            var runEnd = end + 1;
            while (runEnd < rows && Length(runEnd) == Length(end)) runEnd++;
            var joined = (runEnd - first) * Length(end);
            if (end > first && layout != AttentionLayout.Padded && joined - copied > tokensWorthACall)
            {
                yield return (first, end);
                (first, copied) = (end, 0);
            }
            else if (end > first) copied = joined;
            end = runEnd;
        }
        yield return (first, rows);
    }

    private static AttentionGroup Group(int[] offsets, int first, int end)
    {
        int rows = end - first, start = offsets[first], length = offsets[end] - offsets[end - 1]; // the last row is the longest
        if (offsets[first + 1] - offsets[first] == length) return new AttentionGroup(offsets[end] - start, rows, length);
        var gather = new long[rows * length];
        var scatter = new long[offsets[end] - start];
        var mask = new float[rows * length];
        for (var r = 0; r < rows; r++)
            for (var t = 0; t < length; t++)
            {
                var token = offsets[first + r] + t;
                var real = token < offsets[first + r + 1];
                gather[r * length + t] = (real ? token : offsets[first + r]) - start;
                mask[r * length + t] = real ? 0 : float.NegativeInfinity;
                if (real) scatter[token - start] = r * length + t;
            }
        return new AttentionGroup(offsets[end] - start, rows, length, Own(tensor(gather)), Own(tensor(scatter)), Own(tensor(mask, [rows, 1, 1, length])));
    }

    private static Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();
}
