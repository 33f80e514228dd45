using Polymath.Text.Added;
using Polymath.Text.Models;

namespace Polymath.Text.Reading;

/// <summary>Reads tokenizer.json.</summary>
internal static class TokenizerJson
{
    private const int LongestFixed = 1_000_000;

    /// <exception cref="PolymathException">The text is broken or asks for a part that is not known.</exception>
    internal static TokenizerParts Read(string json, string source, SideFiles side) => JsonPart.Parse(json, source, root =>
    {
        var model = ModelReader.Read(root.Get("model"));
        var normalizer = root.Find("normalizer") is { } n ? NormalizerReader.Read(n) : null;
        return new TokenizerParts
        {
            Normalizer = normalizer,
            PreTokenizer = root.Find("pre_tokenizer") is { } p ? PreTokenizerReader.Read(p) : null,
            Model = model,
            PostProcessor = root.Find("post_processor") is { } post ? PostProcessorReader.Read(post) : null,
            Decoder = root.Find("decoder") is { } d ? DecoderReader.Read(d) : null,
            Added = root.Find("added_tokens") is { } added ? [.. added.Items().Select(a => ReadAdded(a, model.Vocabulary)).OfType<AddedToken>()] : [],
            FileOptions = ReadOptions(root),
            Side = side,
        };
    });

    internal static AddedToken ReadAddedToken(JsonPart part, string content, int id) => new(content, id)
    {
        SingleWord = part.Bool("single_word", false),
        LeftStrip = part.Bool("lstrip", false),
        RightStrip = part.Bool("rstrip", false),
        Normalized = part.Bool("normalized", false),
        Special = part.Bool("special", false),
    };

    private static AddedToken? ReadAdded(JsonPart part, Vocabulary vocabulary)
    {
        var content = part.String("content");
        var id = part.Get("id").AsInt(0, Vocabulary.LargestId);
        // A token that the model knows keeps the model's id; an empty one can never be found.
        return content.Length == 0 ? null : ReadAddedToken(part, content, vocabulary.IdOf(content) is >= 0 and var known ? known : id);
    }

    private static EncodeOptions ReadOptions(JsonPart root)
    {
        var options = new EncodeOptions();
        if (root.Find("truncation") is { } truncation)
        {
            options = options with
            {
                MaxLength = truncation.Get("max_length").AsInt(),
                Truncation = truncation.Name("strategy", Truncation.LongestFirst),
                TruncationSide = truncation.Name("direction", TruncationSide.Right),
                Stride = truncation.Find("stride")?.AsInt() ?? 0,
            };
        }
        return root.Find("padding") is { } padding ? options with { Padding = ReadPadding(padding) } : options;
    }

    private static Padding ReadPadding(JsonPart padding)
    {
        var strategy = padding.Get("strategy");
        int? length = null;
        if (strategy.IsObject) length = strategy.Get("Fixed").AsInt(0, LongestFixed);
        else if (strategy.AsString() != "BatchLongest") throw strategy.Wrong("\"BatchLongest\" or {\"Fixed\": length}");
        return new Padding
        {
            Length = length,
            MultipleOf = padding.Find("pad_to_multiple_of")?.AsInt(0, LongestFixed) is > 0 and var multiple ? multiple : null,
            Side = padding.Name("direction", PaddingSide.Right),
            Id = padding.Get("pad_id").AsInt(),
            TypeId = padding.Find("pad_type_id")?.AsInt() ?? 0,
        };
    }
}
