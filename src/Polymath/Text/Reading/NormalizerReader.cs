using Polymath.Text.Normalizers;
using Polymath.Text.Patterns;

namespace Polymath.Text.Reading;

/// <summary>Reads tokenizer.json's normalizer.</summary>
internal static class NormalizerReader
{
    internal static Normalizer Read(JsonPart part) => part.String("type") switch
    {
        "Sequence" => new NormalizerSequence([.. part.Get("normalizers").Items().Select(Read)]),
        "BertNormalizer" => Bert(part),
        "NFC" => new UnicodeNormalizer(compose: true, compatibility: false),
        "NFD" => new UnicodeNormalizer(compose: false, compatibility: false),
        "NFKC" => new UnicodeNormalizer(compose: true, compatibility: true),
        "NFKD" => new UnicodeNormalizer(compose: false, compatibility: true),
        "Lowercase" => new LowercaseNormalizer(),
        "StripAccents" => new StripAccentsNormalizer(),
        "Strip" => new StripNormalizer(part.Bool("strip_left", true), part.Bool("strip_right", true)),
        "Replace" => new ReplaceNormalizer(Pattern(part.Get("pattern")), part.String("content")),
        "Prepend" => new PrependNormalizer(part.String("prepend")),
        "Precompiled" => Precompiled(part.Get("precompiled_charsmap")),
        var type => throw part.Unknown("normalizer", type, "Sequence, BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Prepend, Precompiled"),
    };

    /// <summary>A pattern is {"String": "literal"} or {"Regex": "expression"}.</summary>
    internal static TextPattern Pattern(JsonPart part)
    {
        if (part.Find("String") is { } literal) return new LiteralPattern(literal.AsString());
        if (part.Find("Regex") is { } regex) return new RegexPattern(regex.AsString(), part.Source);
        throw part.Wrong("{\"String\": …} or {\"Regex\": …}");
    }

    private static PrecompiledNormalizer Precompiled(JsonPart part)
    {
        var text = part.AsString();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count)
            ? new PrecompiledNormalizer(bytes.AsSpan(0, count), part.Source)
            : throw part.Wrong("a character map in base64");
    }

    private static BertNormalizer Bert(JsonPart part)
    {
        var lowercase = part.Bool("lowercase", true);
        return new BertNormalizer(part.Bool("clean_text", true), part.Bool("handle_chinese_chars", true), part.Bool("strip_accents", lowercase), lowercase);
    }
}
