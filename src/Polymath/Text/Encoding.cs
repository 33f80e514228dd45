namespace Polymath.Text;

/// <summary>
/// The tokens of a text or a pair of texts: parallel arrays, one entry a token. Offsets are UTF-16 positions in the original string of
/// the token's own sequence; tokens that stand for no text (added by the template, padding) have the offset (0, 0).
/// </summary>
public sealed class Encoding
{
    private readonly Tokenizer _tokenizer;
    private readonly string?[]? _texts;
    private string[]? _tokens;

    internal Encoding(Tokenizer tokenizer, int[] ids, TextSpan[] offsets, string?[]? texts)
        : this(tokenizer, ids, new int[ids.Length], offsets, Filled(ids.Length, 1), new int[ids.Length], new int[ids.Length], texts) { }

    private Encoding(Tokenizer tokenizer, int[] ids, int[] typeIds, TextSpan[] offsets, int[] attention, int[] special, int[] sequences, string?[]? texts)
    {
        (_tokenizer, _texts) = (tokenizer, texts);
        (Ids, TypeIds, Offsets, AttentionMask, SpecialTokensMask, SequenceIds) = (ids, typeIds, offsets, attention, special, sequences);
    }

    /// <summary>Number of tokens.</summary>
    public int Length => Ids.Length;

    /// <summary>Token ids.</summary>
    public int[] Ids { get; }

    /// <summary>Token types (segments), as the template gives them.</summary>
    public int[] TypeIds { get; }

    /// <summary>Where each token lies in its original string.</summary>
    public TextSpan[] Offsets { get; }

    /// <summary>1 for tokens, 0 for padding.</summary>
    public int[] AttentionMask { get; }

    /// <summary>1 for tokens that the template or the padding added, 0 for those of the text (also for special tokens written in the text).</summary>
    public int[] SpecialTokensMask { get; }

    /// <summary>0 for tokens of the first text, 1 for those of the second, -1 for those of neither.</summary>
    public int[] SequenceIds { get; }

    /// <summary>The tokens as strings, spelled as in the vocabulary; computed when first asked for.</summary>
    public string[] Tokens => _tokens ??= [.. Enumerable.Range(0, Length).Select(TokenText)];

    /// <summary>The range of the first text that the tokens cover; empty at 0 where no token belongs to it.</summary>
    public TextSpan Span
    {
        get
        {
            var (first, last) = (Array.IndexOf(SequenceIds, 0), Array.LastIndexOf(SequenceIds, 0));
            return first < 0 ? default : new TextSpan(Offsets[first].Start, Offsets[last].End);
        }
    }

    internal string TokenText(int index) => _texts?[index] ?? _tokenizer.TokenOf(Ids[index]) ?? "";

    internal static Encoding Special(Tokenizer tokenizer, int[] ids, int typeId) => new(
        tokenizer, ids, Filled(ids.Length, typeId), new TextSpan[ids.Length], Filled(ids.Length, 1), Filled(ids.Length, 1), Filled(ids.Length, -1), null);

    internal Encoding AsSequence(int sequence, int typeId) => new(
        _tokenizer, Ids, Filled(Length, typeId), Offsets, AttentionMask, SpecialTokensMask, Filled(Length, sequence), _texts);

    internal Encoding WithOffsets(TextSpan[] offsets) => new(
        _tokenizer, Ids, TypeIds, offsets, AttentionMask, SpecialTokensMask, SequenceIds, _texts);

    internal Encoding Slice(int start, int end) => new(
        _tokenizer, Ids[start..end], TypeIds[start..end], Offsets[start..end], AttentionMask[start..end], SpecialTokensMask[start..end],
        SequenceIds[start..end], _texts?[start..end]);

    /// <summary>Joins encodings end to end.</summary>
    internal static Encoding Concat(ReadOnlySpan<Encoding> parts)
    {
        var length = 0;
        var texts = false;
        foreach (var part in parts)
        {
            length += part.Length;
            texts |= part._texts is not null;
        }
        var joined = new Encoding(
            parts[0]._tokenizer, new int[length], new int[length], new TextSpan[length], new int[length], new int[length], new int[length], texts ? new string?[length] : null);
        var at = 0;
        foreach (var part in parts)
        {
            part.Ids.CopyTo(joined.Ids, at);
            part.TypeIds.CopyTo(joined.TypeIds, at);
            part.Offsets.CopyTo(joined.Offsets, at);
            part.AttentionMask.CopyTo(joined.AttentionMask, at);
            part.SpecialTokensMask.CopyTo(joined.SpecialTokensMask, at);
            part.SequenceIds.CopyTo(joined.SequenceIds, at);
            part._texts?.CopyTo(joined._texts!, at);
            at += part.Length;
        }
        return joined;
    }

    internal Encoding Padded(int length, Padding padding, int padId)
    {
        var missing = length - Length;
        if (missing <= 0) return this;
        var pad = new Encoding(
            _tokenizer, Filled(missing, padId), Filled(missing, padding.TypeId), new TextSpan[missing], new int[missing], Filled(missing, 1), Filled(missing, -1), null);
        return Concat(padding.Side == PaddingSide.Right ? [this, pad] : [pad, this]);
    }

    private static int[] Filled(int length, int value)
    {
        var array = new int[length];
        if (value != 0) Array.Fill(array, value);
        return array;
    }
}
