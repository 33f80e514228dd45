using Polymath.Text.Patterns;
using Polymath.Text.PreTokenizers;
using Polymath.Text.Unicode;

namespace Polymath.Text.Reading;

/// <summary>Reads tokenizer.json's pre_tokenizer.</summary>
internal static class PreTokenizerReader
{
    // Rust's \w (letters, marks, decimal digits, letter numbers, connectors, joiners, circled letters) spelled out for .NET, whose own differs.
    private const string WordCharacters = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u200C\u200D\u24B6-\u24E9";

    internal static PreTokenizer Read(JsonPart part) => part.String("type") switch
    {
        "Sequence" => new PreTokenizerSequence([.. part.Get("pretokenizers").Items().Select(Read)]),
        "BertPreTokenizer" => new BertPreTokenizer(),
        "ByteLevel" => new ByteLevelPreTokenizer(part.Bool("add_prefix_space", true), part.Bool("use_regex", true)),
        "Digits" => new CharacterSplit(CodePointClass.Numeric, part.Bool("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
        "WhitespaceSplit" => new CharacterSplit(CodePointClass.WhiteSpace, SplitBehavior.Removed),
        "Punctuation" => new CharacterSplit(CodePointClass.Punctuation, part.Name("behavior", SplitBehavior.Isolated)),
        "Whitespace" => new PatternSplit(new RegexPattern($@"[{WordCharacters}]+|[^{WordCharacters}\s]+", part.Source), SplitBehavior.Removed, invert: true),
        "Split" => new PatternSplit(NormalizerReader.Pattern(part.Get("pattern")), part.Name("behavior", SplitBehavior.Removed), part.Bool("invert", false)),
        "Metaspace" => new MetaspacePreTokenizer(part.Character("replacement"), Scheme(part), part.Bool("split", true)),
        var type => throw part.Unknown("pre-tokenizer", type, "Sequence, BertPreTokenizer, ByteLevel, Digits, WhitespaceSplit, Whitespace, Punctuation, Split, Metaspace"),
    };

    /// <summary>Older files say add_prefix_space where newer ones have a scheme.</summary>
    internal static PrependScheme Scheme(JsonPart part) =>
        part.Name("prepend_scheme", part.Bool("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never);
}
