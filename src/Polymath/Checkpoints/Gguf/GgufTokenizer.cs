using System.Text.Json.Nodes;
using Polymath.Text;
using Polymath.Text.Added;
using Polymath.Text.Decoders;
using Polymath.Text.Models;
using Polymath.Text.Reading;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// The tokenizer that a GGUF file's metadata describe (keys under <c>tokenizer.ggml</c>: ggml-org/ggml, <c>docs/gguf.md</c>): byte-level BPE with the
/// way of splitting words that <c>tokenizer.ggml.pre</c> names, or the sentencepiece vocabularies of Llama 2 and T5.
/// </summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    /// <exception cref="PolymathException">The metadata lack a tokenizer, contradict themselves, or describe one of a kind that is not known.</exception>
    public static Tokenizer Read(GgufFile file)
    {
        var model = file.Metadata.Text(Prefix + "model") ?? throw Missing(file, "model");
        var tokens = file.Metadata.Texts(Prefix + "tokens") ?? throw Missing(file, "tokens");
        if (tokens.Length is 0 or > Vocabulary.LargestId) throw file.Metadata.Wrong(Prefix + "tokens", $"a list of 1 to {Vocabulary.LargestId} tokens");
        return new Tokenizer(model switch
        {
            "gpt2" => ByteLevel(file, tokens),
            "llama" => SentencePieceLayouts.Llama(Pieces(file, tokens, PieceAlgorithm.Bpe), Side(file, tokens, begins: true)),
            "t5" => T5(file, tokens),
            _ => throw new PolymathException($"{file.Path}: the tokenizer '{OneLine.Short(model)}' is not known; known are gpt2, llama and t5"),
        });
    }

    private static TokenizerParts ByteLevel(GgufFile file, string[] tokens)
    {
        var vocabulary = new Vocabulary(tokens);
        var kinds = Kinds(file, tokens);
        var words = GgufWords.Find(file.Metadata.Text(Prefix + "pre") ?? "", file.Path);
        var side = Side(file, tokens, words.Begins);
        var merges = file.Metadata.Texts(Prefix + "merges") ?? throw Missing(file, "merges");
        return new TokenizerParts
        {
            Normalizer = words.Normalizer,
            PreTokenizer = words.PreTokenizer,
            Model = ModelReader.Bpe(vocabulary, merges.Select((merge, i) => Merge(file, merge, i)), new BpeOptions { IgnoreMerges = words.IgnoreMerges }, file.Path),
            PostProcessor = PostProcessorReader.Around(Around("bos"), Around("eos")),
            Decoder = new ByteLevelDecoder(),
            Added =
            [
                .. tokens.Select((token, id) => (token, id)).Where(pair => pair.token.Length > 0 && kinds[pair.id] is PieceKind.Control or PieceKind.Unknown or PieceKind.UserDefined)
                    .Select(pair => new AddedToken(pair.token, pair.id) { Special = kinds[pair.id] != PieceKind.UserDefined }),
            ],
            Side = side,
        };

        int? Around(string role) => side.Switch($"add_{role}_token") == true ? file.Metadata.Count($"{Prefix}{role}_token_id") ?? throw Missing(file, $"{role}_token_id") : null;
    }

    private static (string Left, string Right) Merge(GgufFile file, string merge, int index) => merge.Split(' ') is [var left, var right]
        ? (left, right)
        : throw new PolymathException($"{file.Path}: merge {index + 1} of the tokenizer is '{OneLine.Short(merge)}', where two tokens with a space between were expected");

    /// <summary>T5's sentinels stand at the end as tokens of their own, or as fillers; the layout of the family brings its own.</summary>
    private static TokenizerParts T5(GgufFile file, string[] tokens)
    {
        var pieces = Pieces(file, tokens, PieceAlgorithm.Unigram);
        var kept = pieces.Pieces.ToList();
        while (kept.Count > 0 && kept[^1] is var last && (last.Text.StartsWith("<extra_id_", StringComparison.Ordinal) || (last.Kind == PieceKind.Unused && last.Text.StartsWith("[PAD", StringComparison.Ordinal))))
            kept.RemoveAt(kept.Count - 1);
        return SentencePieceLayouts.T5(pieces with { Pieces = kept }, Side(file, tokens, begins: false));
    }

    private static SentencePieceModel Pieces(GgufFile file, string[] tokens, PieceAlgorithm algorithm)
    {
        var scores = file.Metadata.Numbers(Prefix + "scores") ?? throw Missing(file, "scores");
        if (scores.Length != tokens.Length) throw file.Metadata.Wrong(Prefix + "scores", $"one for each of the {tokens.Length} tokens");
        var kinds = Kinds(file, tokens);
        var model = new SentencePieceModel
        {
            Source = file.Path,
            Pieces = [.. tokens.Select((token, id) => new SentencePiece(token, scores[id], kinds[id]))],
            Algorithm = algorithm,
            ByteFallback = kinds.Contains(PieceKind.Byte),
            CharacterMap = file.Metadata.Bytes(Prefix + "precompiled_charsmap") ?? [],
            AddDummyPrefix = file.Metadata.Flag(Prefix + "add_space_prefix") ?? true,
            RemoveExtraSpaces = file.Metadata.Flag(Prefix + "remove_extra_whitespaces") ?? algorithm == PieceAlgorithm.Unigram,
        };
        model.Check();
        return model;
    }

    /// <summary>What each token is for; without a list all are ordinary.</summary>
    private static PieceKind[] Kinds(GgufFile file, string[] tokens)
    {
        const string key = Prefix + "token_type";
        var numbers = file.Metadata.Integers(key);
        if (numbers is null) return [.. Enumerable.Repeat(PieceKind.Normal, tokens.Length)];
        if (numbers.Length != tokens.Length) throw file.Metadata.Wrong(key, $"one for each of the {tokens.Length} tokens");
        return Array.TrueForAll(numbers, number => Enum.IsDefined((PieceKind)number)) ? [.. numbers.Select(number => (PieceKind)number)] : throw file.Metadata.Wrong(key, "numbers from 1 to 6");
    }

    /// <summary>The special tokens by their parts and what is put around a text, as a tokenizer_config.json says it.</summary>
    private static SideFiles Side(GgufFile file, string[] tokens, bool begins)
    {
        var metadata = file.Metadata;
        var config = new JsonObject
        {
            ["add_bos_token"] = metadata.Flag(Prefix + "add_bos_token") ?? begins,
            ["add_eos_token"] = metadata.Flag(Prefix + "add_eos_token") ?? false,
            ["model_max_length"] = metadata.Text("general.architecture") is { } architecture ? metadata.Count(architecture + ".context_length") : null,
        };
        foreach (var (role, name) in new[] { ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding"), ("sep_token", "seperator"), ("cls_token", "cls"), ("mask_token", "mask") })
        {
            var key = $"{Prefix}{name}_token_id";
            if (metadata.Count(key) is { } id) config[role] = id < tokens.Length ? tokens[id] : throw metadata.Wrong(key, $"the number of one of the {tokens.Length} tokens");
        }
        return SideFiles.FromConfig(config.ToJsonString(), file.Path);
    }

    private static PolymathException Missing(GgufFile file, string key) => new($"{file.Path}: the metadata lacks '{Prefix}{key}', which the tokenizer needs; take the tokenizer from the model's folder");
}
