using Polymath.Text.Added;
using Polymath.Text.Decoders;
using Polymath.Text.Models;
using Polymath.Text.Normalizers;
using Polymath.Text.Patterns;
using Polymath.Text.PreTokenizers;
using Polymath.Text.Unicode;

namespace Polymath.Text.Reading;

/// <summary>
/// Tokenizers from sentencepiece vocabularies, laid out as the tokenizer.json files of their families are: ids, normalization, words,
/// special tokens around.
/// </summary>
internal static class SentencePieceLayouts
{
    private const char Space = '▁';
    private const int UsualSentinels = 100;

    private static readonly Dictionary<string, string> T5Names = new() { ["eos_token"] = "</s>", ["unk_token"] = "<unk>", ["pad_token"] = "<pad>" };

    private static readonly Dictionary<string, string> LlamaNames = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["unk_token"] = "<unk>" };

    private static readonly Dictionary<string, string> RobertaNames = new(T5Names)
    {
        ["bos_token"] = "<s>",
        ["sep_token"] = "</s>",
        ["cls_token"] = "<s>",
        ["mask_token"] = "<mask>",
    };

    /// <summary>T5: the file's ids, then the sentinels, the last of them first.</summary>
    internal static TokenizerParts T5(SentencePieceModel file, SideFiles side)
    {
        RequireUnigram(file);
        var sentinels = Enumerable.Range(0, side.ExtraIds ?? UsualSentinels).Reverse().Select(i => $"<extra_id_{i}>").ToList();
        var model = new Unigram([.. file.Pieces.Select(Scored), .. sentinels.Select(s => (s, 0.0))], file.Unknown, file.ByteFallback);
        return new TokenizerParts
        {
            Normalizer = CharacterMap(file),
            PreTokenizer = new PreTokenizerSequence([new CharacterSplit(CodePointClass.WhiteSpace, SplitBehavior.Removed), new MetaspacePreTokenizer(Space, PrependScheme.Always, split: true)]),
            Model = model,
            PostProcessor = PostProcessorReader.T5(Id(file, model.Vocabulary, side, T5Names, "eos_token")),
            Decoder = new MetaspaceDecoder(Space, dropFirst: true),
            Added = Added(file, model.Vocabulary, side, T5Names, sentinels),
            Side = side,
        };
    }

    /// <summary>XLM-RoBERTa: fairseq's four special tokens, the file's pieces behind its own three, then the mask, which takes the space before it.</summary>
    internal static TokenizerParts XlmRoberta(SentencePieceModel file, SideFiles side)
    {
        RequireUnigram(file);
        if (file.Pieces.Take(3).Count(p => p.Kind is PieceKind.Unknown or PieceKind.Control) < 3)
            throw new PolymathException($"{file.Source}: XLM-RoBERTa's file starts with three special pieces (<unk>, <s>, </s>), this one does not; add the folder's tokenizer.json.");
        var model = new Unigram([("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0), .. file.Pieces.Skip(3).Select(Scored), ("<mask>", 0)], 3, byteFallback: false);
        var mask = side.SpecialToken("mask_token")?.Content ?? "<mask>";
        List<Normalizer> steps = [new StripNormalizer(left: false, right: true), new ReplaceNormalizer(new RegexPattern(" {2,}", file.Source), Space.ToString())];
        if (CharacterMap(file) is { } map) steps.Insert(0, map);
        return new TokenizerParts
        {
            Normalizer = new NormalizerSequence(steps),
            PreTokenizer = new MetaspacePreTokenizer(Space, PrependScheme.Always, split: true),
            Model = model,
            PostProcessor = PostProcessorReader.Roberta(
                Id(file, model.Vocabulary, side, RobertaNames, "cls_token"), Id(file, model.Vocabulary, side, RobertaNames, "sep_token"), overflowKeepsTypes: true),
            Decoder = new MetaspaceDecoder(Space, dropFirst: true),
            Added = Added(file, model.Vocabulary, side, RobertaNames, []).ConvertAll(t => t.Content == mask ? t with { LeftStrip = true } : t),
            Side = side,
        };
    }

    /// <summary>Llama and its kin: the file's ids; the text in one piece with "▁" in front and for spaces; bytes for what is unknown.</summary>
    internal static TokenizerParts Llama(SentencePieceModel file, SideFiles side)
    {
        if (file.RemoveExtraSpaces)
            throw new PolymathException($"{file.Source}: a vocabulary of Llama's kind keeps every space, this one removes extra ones (remove_extra_whitespaces); add the folder's tokenizer.json.");
        Model model = file.Algorithm == PieceAlgorithm.Bpe ? SentencePieceBpe.Model(file) : new Unigram([.. file.Pieces.Select(Scored)], file.Unknown, byteFallback: true);
        List<Normalizer> steps = [new ReplaceNormalizer(new LiteralPattern(" "), Space.ToString())];
        if (file.AddDummyPrefix) steps.Insert(0, new PrependNormalizer(Space.ToString()));
        if (CharacterMap(file) is { } map) steps.Insert(0, map);
        return new TokenizerParts
        {
            Normalizer = new NormalizerSequence(steps),
            Model = model,
            PostProcessor = PostProcessorReader.Around(
                side.Switch("add_bos_token") ?? true ? Id(file, model.Vocabulary, side, LlamaNames, "bos_token") : null,
                side.Switch("add_eos_token") ?? false ? Id(file, model.Vocabulary, side, LlamaNames, "eos_token") : null),
            Decoder = LlamaDecoder(file.AddDummyPrefix),
            Added = Added(file, model.Vocabulary, side, LlamaNames, []),
            Side = side,
        };
    }

    private static DecoderSequence LlamaDecoder(bool stripSpace)
    {
        List<Decoder> steps = [new ReplaceDecoder(new LiteralPattern(Space.ToString()), " "), new ByteFallbackDecoder(), new FuseDecoder()];
        if (stripSpace) steps.Add(new StripDecoder(' ', 1, 0));
        return new DecoderSequence(steps);
    }

    private static (string, double) Scored(SentencePiece piece) => (piece.Text, piece.Score);

    private static PrecompiledNormalizer? CharacterMap(SentencePieceModel file) => file.CharacterMap.Length == 0 ? null : new PrecompiledNormalizer(file.CharacterMap, file.Source);

    private static void RequireUnigram(SentencePieceModel file)
    {
        if (file.Algorithm != PieceAlgorithm.Unigram)
            throw new PolymathException($"{file.Source}: a unigram model is expected in a file of this name, this one is of type {file.Algorithm}; add the folder's tokenizer.json.");
    }

    private static int Id(SentencePieceModel file, Vocabulary vocabulary, SideFiles side, Dictionary<string, string> names, string role)
    {
        var name = side.SpecialToken(role)?.Content ?? names[role];
        return vocabulary.IdOf(name) is >= 0 and var id
            ? id
            : throw new PolymathException($"{file.Source}: the vocabulary lacks the special token '{OneLine.Short(name)}'; name the right one in tokenizer_config.json as {role}.");
    }

    /// <summary>The special tokens by name, the sentinels, and what the file itself sets apart: control pieces, and pieces that the user defined.</summary>
    private static List<AddedToken> Added(SentencePieceModel file, Vocabulary vocabulary, SideFiles side, Dictionary<string, string> names, List<string> sentinels)
    {
        var added = LegacyTokens.Collect(side, vocabulary, names);
        var known = added.Select(t => t.Content).ToHashSet();
        var own = file.Pieces.Where(p => p.Kind is PieceKind.Control or PieceKind.UserDefined).Select(p => (p.Text, Special: p.Kind == PieceKind.Control));
        foreach (var (text, special) in own.Concat(sentinels.Select(s => (s, true))))
        {
            if (known.Add(text) && vocabulary.IdOf(text) is >= 0 and var id) added.Add(new AddedToken(text, id) { Special = special });
        }
        return added;
    }
}
