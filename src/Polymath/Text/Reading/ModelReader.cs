using Polymath.Text.Models;

namespace Polymath.Text.Reading;

/// <summary>Reads tokenizer.json's model.</summary>
internal static class ModelReader
{
    private const int DefaultLongestWord = 100, LongestAffix = 100;

    internal static Model Read(JsonPart part) => (part.Find("type")?.AsString() ?? Guess(part)) switch
    {
        "WordPiece" => WordPiece(part),
        "BPE" => Bpe(part),
        "Unigram" => Unigram(part),
        var type => throw part.Unknown("model", type, "WordPiece, BPE, Unigram"),
    };

    /// <exception cref="PolymathException">The vocabulary lacks the unknown token.</exception>
    internal static WordPiece WordPiece(Vocabulary vocabulary, string unknown, string prefix, int longestWord, string source) =>
        vocabulary.IdOf(unknown) is >= 0 and var id
            ? new WordPiece(vocabulary, id, prefix, longestWord)
            : throw new PolymathException($"{source}: the vocabulary lacks the unknown token '{OneLine.Short(unknown)}'; WordPiece cannot work without it.");

    /// <summary>Numbers merges by their order; the later of two equal ones counts, as in the reference.</summary>
    /// <exception cref="PolymathException">A merge names a token that the vocabulary lacks.</exception>
    internal static BytePairEncoding Bpe(Vocabulary vocabulary, IEnumerable<(string Left, string Right)> merges, BpeOptions options, string source)
    {
        var table = new Dictionary<long, (int Rank, int Id)>();
        var rank = 0;
        foreach (var (left, right) in merges)
        {
            var tail = right.StartsWith(options.Prefix, StringComparison.Ordinal) ? right[options.Prefix.Length..] : right;
            table[BytePairEncoding.Key(Id(left), Id(right))] = (rank, Id(left + tail));
            rank++;
        }
        return new BytePairEncoding(vocabulary, table, options);

        int Id(string token) => vocabulary.IdOf(token) is >= 0 and var id
            ? id
            : throw new PolymathException($"{source}: merge {rank + 1} needs the token '{OneLine.Short(token)}', which the vocabulary lacks; vocabulary and merges do not belong together.");
    }

    /// <summary>Files of old have no type.</summary>
    private static string Guess(JsonPart part) =>
        part.Find("merges") is not null ? "BPE" : part.Find("max_input_chars_per_word") is not null ? "WordPiece" : part.Find("unk_id") is not null ? "Unigram" : throw part.Wrong("the member 'type'");

    private static WordPiece WordPiece(JsonPart part) => WordPiece(
        ReadVocabulary(part.Get("vocab")),
        part.Find("unk_token")?.AsString() ?? "[UNK]",
        part.Find("continuing_subword_prefix")?.AsString() ?? "##",
        part.Find("max_input_chars_per_word")?.AsInt() ?? DefaultLongestWord,
        part.Source);

    private static BytePairEncoding Bpe(JsonPart part)
    {
        var vocabulary = ReadVocabulary(part.Get("vocab"));
        int? unknown = part.Find("unk_token") is { } token
            ? vocabulary.IdOf(token.AsString()) is >= 0 and var id ? id : throw token.Wrong("a token that the vocabulary has")
            : null;
        return Bpe(vocabulary, part.Get("merges").Items().Select(Merge), new BpeOptions
        {
            Unknown = unknown,
            FuseUnknown = part.Bool("fuse_unk", false),
            ByteFallback = part.Bool("byte_fallback", false),
            IgnoreMerges = part.Bool("ignore_merges", false),
            Prefix = Affix(part, "continuing_subword_prefix"),
            Suffix = Affix(part, "end_of_word_suffix"),
        }, part.Source);
    }

    private static Unigram Unigram(JsonPart part)
    {
        var pieces = part.Get("vocab").Items().Select(Piece).ToList();
        if (pieces.Count is 0 or > Vocabulary.LargestId) throw part.Get("vocab").Wrong("a list of pieces");
        return new Unigram(pieces, part.Find("unk_id")?.AsInt(0, pieces.Count - 1), part.Bool("byte_fallback", false));
    }

    /// <summary>["▁the", -3.5]</summary>
    private static (string Piece, double Score) Piece(JsonPart part) =>
        part.Items().ToList() is [var piece, var score] && score.AsDouble() is var value && double.IsFinite(value) ? (piece.AsString(), value) : throw part.Wrong("a piece and its finite score");

    /// <summary>Stands at every character of every word, so it must be short.</summary>
    private static string Affix(JsonPart part, string name) =>
        part.Find(name) is not { } affix ? "" : affix.AsString() is { Length: <= LongestAffix } text ? text : throw affix.Wrong($"at most {LongestAffix} characters");

    /// <summary>"a b" in files of old, ["a", "b"] in newer ones.</summary>
    private static (string Left, string Right) Merge(JsonPart part)
    {
        if (part.IsArray)
            return part.Items().ToList() is [var left, var right] ? (left.AsString(), right.AsString()) : throw part.Wrong("two tokens");
        return part.AsString().Split(' ') is [var first, var second] ? (first, second) : throw part.Wrong("two tokens with a space between");
    }

    internal static Vocabulary ReadVocabulary(JsonPart part)
    {
        var ids = new Dictionary<string, int>();
        foreach (var (token, id) in part.Members()) ids[token] = id.AsInt(0, Vocabulary.LargestId);
        return new Vocabulary(ids);
    }
}
