using Polymath.Text.Decoders;
using Polymath.Text.Models;
using Polymath.Text.Normalizers;
using Polymath.Text.PreTokenizers;

namespace Polymath.Text.Reading;

/// <summary>A BERT tokenizer (or MPNet's, which lays texts out as RoBERTa does) from vocab.txt: one token a line, its number is its id.</summary>
internal static class LegacyWordPiece
{
    private const int LongestWord = 100;

    // Japanese BERT, BERTweet and their like also have a vocab.txt, but not this way of using it.
    private static readonly string[] Classes = ["BertTokenizer", "DistilBert", "Electra", "MPNet", "MobileBert", "ConvBert", "Funnel", "LayoutLM", "DPR", "Splinter", "Lxmert", "PreTrainedTokenizer"];

    private static readonly Dictionary<string, string> BertNames = new()
    {
        ["unk_token"] = "[UNK]",
        ["sep_token"] = "[SEP]",
        ["pad_token"] = "[PAD]",
        ["cls_token"] = "[CLS]",
        ["mask_token"] = "[MASK]",
    };

    private static readonly Dictionary<string, string> MpnetNames = new()
    {
        ["unk_token"] = "[UNK]",
        ["sep_token"] = "</s>",
        ["pad_token"] = "<pad>",
        ["cls_token"] = "<s>",
        ["mask_token"] = "<mask>",
    };

    internal static TokenizerParts Read(string path, SideFiles side)
    {
        side.RequireClass(path, Classes);
        var ids = new Dictionary<string, int>();
        var line = 0;
        foreach (var token in TokenizerFolder.ReadText(path).TrimEnd('\n').Split('\n')) ids[token.TrimEnd('\r')] = line++;
        var vocabulary = new Vocabulary(ids);
        var mpnet = side.ModelType == "mpnet" || side.TokenizerClass.StartsWith("MPNet", StringComparison.Ordinal);
        var names = mpnet ? MpnetNames : BertNames;
        var (cls, sep) = (Id("cls_token"), Id("sep_token"));
        var lowercase = side.Switch("do_lower_case") ?? true;
        return new TokenizerParts
        {
            Normalizer = new BertNormalizer(true, side.Switch("tokenize_chinese_chars") ?? true, side.Switch("strip_accents") ?? lowercase, lowercase),
            PreTokenizer = new BertPreTokenizer(),
            Model = ModelReader.WordPiece(vocabulary, Name("unk_token"), "##", LongestWord, path),
            PostProcessor = mpnet ? PostProcessorReader.Roberta(cls, sep) : PostProcessorReader.Bert(cls, sep),
            Decoder = new WordPieceDecoder("##", cleanUp: true),
            Added = LegacyTokens.Collect(side, vocabulary, names),
            Side = side,
        };

        string Name(string role) => side.SpecialToken(role)?.Content ?? names[role];

        int Id(string role) => vocabulary.IdOf(Name(role)) is >= 0 and var id
            ? id
            : throw new PolymathException($"{path}: the vocabulary lacks the special token '{OneLine.Short(Name(role))}'; name the right one in tokenizer_config.json as {role}.");
    }
}
