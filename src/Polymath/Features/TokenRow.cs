using System.Runtime.InteropServices;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Features;

/// <summary>The tokens of one row or piece, and their content key.</summary>
internal sealed record TokenRow(int[] Ids, int[] TypeIds, ContentKey Key)
{
    /// <summary>Takes over an encoding; ids must lie in the network's vocabulary.</summary>
    public static TokenRow From(Encoding encoding, Backbone backbone, Row row)
    {
        var (ids, types) = encoding.Length > 0 ? (encoding.Ids, encoding.TypeIds) : ([backbone.Tokenizer.Special.Pad?.Id ?? 0], new int[1]);
        if (ids.Max() >= backbone.Config.VocabularySize)
            throw new PolymathException($"{backbone.Folder}: the tokenizer gives id {ids.Max()} (line {row.Line}), but the network knows {backbone.Config.VocabularySize} tokens; the folder's tokenizer and weights do not belong together");
        if (backbone.Config.TypeVocabulary < 2) types = new int[ids.Length];
        var content = new int[ids.Length + types.Length];
        ids.CopyTo(content, 0);
        types.CopyTo(content, ids.Length);
        return new TokenRow(ids, types, ContentKey.Of(MemoryMarshal.AsBytes<int>(content)));
    }

    /// <summary>The tokens of rows as a backbone reads them.</summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="prompt">Name of one of the folder's prompts; null for its default.</param>
    public static TokenRow[] Read(Backbone backbone, IEnumerable<Row> rows, string? prompt)
    {
        var prefix = backbone.Sentence.Prompt(prompt);
        return [.. rows.Select(row => From(Cut(backbone, prefix, row, backbone.MaxTokens, out _), backbone, row))];
    }

    /// <summary>The tokens of a row as a backbone reads it: a prefix before its text, in lower case where the folder says so, cut at a limit.</summary>
    public static Encoding Cut(Backbone backbone, string prefix, Row row, int limit, out bool cut)
    {
        var (text, pair) = (prefix + row.Text, row.Pair);
        if (backbone.Sentence.LowerCase) (text, pair) = (text.ToLowerInvariant(), pair?.ToLowerInvariant());
        return Cut(backbone.Tokenizer, text, pair, limit, out cut);
    }

    /// <summary>The tokens of a text or pair, cut at a limit.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <param name="pair">The second text, or null.</param>
    /// <param name="limit">The most tokens, special tokens included.</param>
    /// <param name="cut">Whether anything was cut off.</param>
    public static Encoding Cut(Tokenizer tokenizer, string text, string? pair, int limit, out bool cut)
    {
        var encoding = tokenizer.Encode(text, pair, new EncodeOptions { MaxLength = limit, Overflow = false })[0];
        cut = encoding.Length == limit && tokenizer.Encode(text, pair).Length > limit;
        return encoding;
    }

    /// <summary>Cuts rows, sorted by length (stable), into batches of at most a number of tokens; a longer row is a batch of its own.</summary>
    public static IEnumerable<int[]> Batches(TokenRow[] rows, int budget) => PackedBatch.ByBudget(Enumerable.Range(0, rows.Length), row => rows[row].Ids.Length, budget);

    /// <summary>The batch of some rows.</summary>
    public static PackedBatch Pack(int[] batch, TokenRow[] rows) => PackedBatch.Create([.. batch.Select(r => rows[r].Ids)], [.. batch.Select(r => rows[r].TypeIds)]);
}
