using Polymath.Text.Decoders;
using Polymath.Text.Models;
using Polymath.Text.PostProcessors;
using Polymath.Text.PreTokenizers;

namespace Polymath.Text.Reading;

/// <summary>GPT-2's tokenizer, or RoBERTa's (and BART's), from vocab.json and merges.txt.</summary>
internal static class LegacyByteLevel
{
    private static readonly string[] RobertaModels = ["roberta", "bart", "longformer", "led", "blenderbot"];

    // Other families (Qwen2, CLIP, Whisper, …) split words in ways that these two files do not tell.
    private static readonly string[] Classes = ["GPT2", "Roberta", "Bart", "Longformer", "LED", "BlenderbotTokenizer", "PreTrainedTokenizer"];

    private static readonly Dictionary<string, string> Gpt2Names = new()
    {
        ["unk_token"] = "<|endoftext|>",
        ["bos_token"] = "<|endoftext|>",
        ["eos_token"] = "<|endoftext|>",
    };

    private static readonly Dictionary<string, string> RobertaNames = new()
    {
        ["bos_token"] = "<s>",
        ["eos_token"] = "</s>",
        ["unk_token"] = "<unk>",
        ["sep_token"] = "</s>",
        ["pad_token"] = "<pad>",
        ["cls_token"] = "<s>",
        ["mask_token"] = "<mask>",
    };

    internal static TokenizerParts Read(string vocabularyPath, string mergesPath, SideFiles side)
    {
        side.RequireClass(vocabularyPath, Classes);
        var vocabulary = JsonPart.Parse(TokenizerFolder.ReadText(vocabularyPath), vocabularyPath, ModelReader.ReadVocabulary);
        var roberta = IsRoberta(side, vocabulary);
        var names = roberta ? RobertaNames : Gpt2Names;
        var prefixSpace = side.Switch("add_prefix_space") ?? false;
        var added = LegacyTokens.Collect(side, vocabulary, names);
        if (roberta)
        {
            // RoBERTa's mask takes the space before it even where the files forget to say so.
            var mask = side.SpecialToken("mask_token")?.Content ?? "<mask>";
            added = added.ConvertAll(t => t.Content == mask ? t with { LeftStrip = true } : t);
        }
        return new TokenizerParts
        {
            PreTokenizer = new ByteLevelPreTokenizer(prefixSpace, useRegex: true),
            Model = ModelReader.Bpe(vocabulary, Merges(mergesPath), new BpeOptions(), mergesPath),
            PostProcessor = roberta ? Roberta() : null,
            Decoder = new ByteLevelDecoder(),
            Added = added,
            Side = side,
        };

        PostProcessor Roberta()
        {
            var template = PostProcessorReader.Roberta(Id("cls_token"), Id("sep_token"));
            return side.Switch("trim_offsets") ?? true ? new PostProcessorSequence([new TrimOffsets(prefixSpace), template]) : template;
        }

        int Id(string role)
        {
            var name = side.SpecialToken(role)?.Content ?? names[role];
            return vocabulary.IdOf(name) is >= 0 and var id
                ? id
                : throw new PolymathException($"{vocabularyPath}: the vocabulary lacks the special token '{OneLine.Short(name)}'; name the right one in tokenizer_config.json as {role}.");
        }
    }

    private static bool IsRoberta(SideFiles side, Vocabulary vocabulary)
    {
        if (side.TokenizerClass.StartsWith("GPT2", StringComparison.Ordinal) || side.ModelType == "gpt2") return false;
        if (RobertaModels.Any(m => side.TokenizerClass.StartsWith(m, StringComparison.OrdinalIgnoreCase) || side.ModelType == m)) return true;
        return vocabulary.IdOf("<s>") >= 0 && vocabulary.IdOf("</s>") >= 0;
    }

    private static IEnumerable<(string Left, string Right)> Merges(string path)
    {
        var number = 0;
        foreach (var raw in TokenizerFolder.ReadText(path).Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r');
            if (line.Length == 0 || (number == 1 && line.StartsWith("#version", StringComparison.Ordinal))) continue;
            yield return line.Split(' ') is [var left, var right]
                ? (left, right)
                : throw new PolymathException($"{path}: line {number}: expected two tokens with a space between, found '{OneLine.Short(line)}'.");
        }
    }
}
