using Polymath.Text.Normalizers;
using Polymath.Text.Patterns;
using Polymath.Text.PreTokenizers;
using Polymath.Text.Unicode;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// How a byte-level tokenizer of a family splits text into words; a GGUF file gives only the name. The steps are those of the families' own
/// tokenizer.json files (HuggingFaceTB/SmolLM2, meta-llama/Llama-3, Qwen/Qwen2, openai-community/gpt2).
/// </summary>
/// <param name="Normalizer">What happens to the text before.</param>
/// <param name="PreTokenizer">How it is split and turned into byte letters.</param>
/// <param name="IgnoreMerges">A word that is a token as a whole is taken as it is.</param>
/// <param name="Begins">Whether the begin token stands in front where the file does not say.</param>
internal sealed record GgufWords(Normalizer? Normalizer, PreTokenizer PreTokenizer, bool IgnoreMerges = false, bool Begins = false)
{
    private const string Known = "gpt-2, smollm, starcoder, refact, llama-bpe, qwen2";

    // Contractions, words, numbers, runs of other signs, line breaks, spaces; the families differ in how long a number may be.
    private const string LongNumbers = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string SingleNumbers = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>By the name in <c>tokenizer.ggml.pre</c>; files from before that key are GPT-2's.</summary>
    /// <exception cref="PolymathException">The name is not known.</exception>
    public static GgufWords Find(string name, string source) => name switch
    {
        "" or "default" or "gpt-2" => new GgufWords(null, new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: true)),
        "smollm" or "starcoder" or "refact" => new GgufWords(null, new PreTokenizerSequence(
            [new CharacterSplit(CodePointClass.Numeric, SplitBehavior.Isolated), new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: true)])),
        "llama-bpe" or "llama3" or "llama-v3" => new GgufWords(null, Split(LongNumbers, source), IgnoreMerges: true, Begins: true),
        "qwen2" or "deepseek-r1-qwen" => new GgufWords(new UnicodeNormalizer(compose: true, compatibility: false), Split(SingleNumbers, source)),
        _ => throw new PolymathException($"{source}: how the tokenizer '{OneLine.Short(name)}' splits words is not known; known are {Known}; take the tokenizer from the model's folder"),
    };

    private static PreTokenizerSequence Split(string pattern, string source) => new(
        [new PatternSplit(new RegexPattern(pattern, source), SplitBehavior.Isolated, invert: false), new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: false)]);
}
