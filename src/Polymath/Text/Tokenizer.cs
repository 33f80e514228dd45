using Polymath.Text.Added;
using Polymath.Text.Decoders;
using Polymath.Text.Models;
using Polymath.Text.Normalizers;
using Polymath.Text.PostProcessors;
using Polymath.Text.PreTokenizers;
using Polymath.Text.Reading;

namespace Polymath.Text;

/// <summary>
/// A Hugging Face tokenizer: normalizer, pre-tokenizer, model, post-processor and decoder, as tokenizer.json describes them. Gives the
/// ids and offsets of the reference implementation (tokenizers 0.23). Immutable and safe for use by many threads at once. Lone
/// surrogates in text count as U+FFFD.
/// </summary>
public sealed class Tokenizer
{
    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _preTokenizer;
    private readonly Model _model;
    private readonly PostProcessor? _postProcessor;
    private readonly Decoder? _decoder;
    private readonly AddedTokens _added;

    internal Tokenizer(TokenizerParts parts)
    {
        _normalizer = parts.Normalizer;
        _preTokenizer = parts.PreTokenizer;
        _model = parts.Model;
        _postProcessor = parts.PostProcessor;
        _decoder = parts.Decoder;
        _added = new AddedTokens(parts.Added, parts.Normalizer);
        FileOptions = parts.FileOptions;
        ModelMaxLength = parts.ModelMaxLength;
        Special = parts.Special(IdOf);
        VocabularySize = _model.Vocabulary.Count + _added.All.Select(t => t.Content).Distinct().Count(c => _model.Vocabulary.IdOf(c) < 0);
    }

    /// <summary>The special tokens by their parts.</summary>
    public SpecialTokens Special { get; }

    /// <summary>Truncation and padding that tokenizer.json itself asks for; only applied when passed to <see cref="Encode(string, string?, EncodeOptions)"/>.</summary>
    public EncodeOptions FileOptions { get; }

    /// <summary>The longest input of the model by tokenizer_config.json, in tokens; null where it gives none (or an absurd one).</summary>
    public int? ModelMaxLength { get; }

    /// <summary>Number of tokens, added ones included.</summary>
    public int VocabularySize { get; }

    /// <summary>
    /// Loads the tokenizer of a folder: tokenizer.json or else the legacy files, vocab.txt (WordPiece), vocab.json with merges.txt
    /// (byte-level BPE of GPT-2's or RoBERTa's kind), or a sentencepiece file: spiece.model (T5), sentencepiece.bpe.model (XLM-RoBERTa),
    /// tokenizer.model (Llama-2 and its kin). tokenizer_config.json and special_tokens_map.json are read where present.
    /// </summary>
    /// <exception cref="PolymathException">There is no tokenizer in the folder, or a file is broken or asks for a part that is not known.</exception>
    public static Tokenizer Load(string folder) => TokenizerFolder.Load(folder);

    /// <summary>Reads the text of a tokenizer.json; <paramref name="source"/> is what error messages call it.</summary>
    /// <exception cref="PolymathException">The text is broken or asks for a part that is not known.</exception>
    public static Tokenizer FromJson(string json, string source) => new(TokenizerJson.Read(json, source, SideFiles.None));

    /// <summary>Encodes a text or a pair of texts whole, without truncation or padding.</summary>
    /// <exception cref="PolymathException">A regular expression of the tokenizer takes too long on the text, or the text has more than 33 million characters.</exception>
    public Encoding Encode(string text, string? pair = null, bool addSpecialTokens = true) =>
        Finish(Pair(text, pair).ConvertAll(e => new[] { e }), addSpecialTokens)[0];

    /// <summary>Encodes a text or a pair of texts, truncated and padded as asked: first the answer, then (unless <see cref="EncodeOptions.Overflow"/> is off) the overflow pieces in order.</summary>
    /// <exception cref="PolymathException">The options cannot be met: nothing would be left of a text, or the stride is too long.</exception>
    public IReadOnlyList<Encoding> Encode(string text, string? pair, EncodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionLimits.Check(options);
        var sequences = Pair(text, pair);
        List<Encoding[]> parts;
        if (options.MaxLength is { } maxLength)
        {
            var added = options.AddSpecialTokens ? _postProcessor?.AddedTokens(pair is not null) ?? 0 : 0;
            if (maxLength < added) throw new PolymathException($"a maximum length of {maxLength} has no room for the {added} special tokens; use a larger one.");
            parts = Truncator.Truncate(sequences, maxLength - added, options);
        }
        else
        {
            parts = sequences.ConvertAll(e => new[] { e });
        }
        var answers = Finish(parts, options.AddSpecialTokens);
        if (options.Padding is not { } padding) return answers;
        var id = padding.Id ?? Special.Pad?.Id ?? 0;
        return answers.ConvertAll(e => e.Padded(OptionLimits.PaddedLength(padding, e.Length), padding, id));
    }

    /// <summary>The text that ids stand for; ids that the vocabulary does not have are passed over.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var tokens = new List<string>(ids.Length);
        foreach (var id in ids)
        {
            if (TokenOf(id) is { } token && !(skipSpecialTokens && _added.ByContent(token) is { Special: true })) tokens.Add(token);
        }
        return _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder.Apply(tokens));
    }

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (_added.ByContent(token) is { } added) return added.Id;
        return _model.Vocabulary.IdOf(token) is >= 0 and var id ? id : null;
    }

    /// <summary>The token with an id, or null.</summary>
    public string? TokenOf(int id) => _added.ById(id)?.Content ?? _model.Vocabulary.TokenOf(id);

    /// <summary>The normalizer's answer to a whole text.</summary>
    internal string Normalize(string text)
    {
        text = Surrogates.Repair(text);
        return _normalizer is null ? text : _normalizer.Apply(AlignedText.Of(text, 0, text.Length)).Chars.ToString();
    }

    private List<Encoding> Pair(string text, string? pair)
    {
        ArgumentNullException.ThrowIfNull(text);
        return pair is null ? [EncodeOne(text)] : [EncodeOne(text), EncodeOne(pair)];
    }

    private List<Encoding> Finish(List<Encoding[]> parts, bool addSpecialTokens)
    {
        for (var i = 0; i < parts.Count; i++) parts[i] = [.. parts[i].Select(e => e.AsSequence(i, i))];
        return VariantMerger.Merge(_postProcessor?.Apply(this, parts, addSpecialTokens) ?? parts);
    }

    private Encoding EncodeOne(string text)
    {
        text = Surrogates.Repair(text);
        var tokens = new TokenList();
        foreach (var segment in _added.SplitOriginal(text))
        {
            if (segment.Token is { } token)
            {
                tokens.Add(token, new TextSpan(segment.Start, segment.End), text.AsSpan(segment.Start, segment.End - segment.Start));
                continue;
            }
            var aligned = AlignedText.Of(text, segment.Start, segment.End);
            EncodeNormalized(_normalizer?.Apply(aligned) ?? aligned, tokens);
        }
        return tokens.ToEncoding(this);
    }

    private void EncodeNormalized(AlignedText text, TokenList tokens)
    {
        var found = new List<ModelToken>();
        foreach (var segment in _added.SplitNormalized(text.Chars))
        {
            if (segment.Token is { } token)
            {
                tokens.Add(token, text.Original(segment.Start, segment.End), text.Slice(segment.Start, segment.End));
                continue;
            }
            var pieces = new Pieces(text, [new TextSpan(segment.Start, segment.End)]);
            if (_preTokenizer is not null) pieces = _preTokenizer.Apply(pieces);
            foreach (var piece in pieces.Spans)
            {
                found.Clear();
                _model.Tokenize(pieces.Text.Slice(piece.Start, piece.End), found);
                foreach (var t in found)
                {
                    var (start, end) = (piece.Start + t.Start, piece.Start + t.End);
                    if (t.AsWritten) tokens.Add(t.Id, pieces.Text.Original(start, end), pieces.Text.Slice(start, end));
                    else tokens.Add(t.Id, pieces.Text.Original(start, end));
                }
            }
        }
    }
}
