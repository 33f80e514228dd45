using Polymath.Text.Decoders;
using Polymath.Text.PreTokenizers;

namespace Polymath.Text.Reading;

/// <summary>Reads tokenizer.json's decoder.</summary>
internal static class DecoderReader
{
    internal static Decoder Read(JsonPart part) => part.String("type") switch
    {
        "Sequence" => new DecoderSequence([.. part.Get("decoders").Items().Select(Read)]),
        "WordPiece" => new WordPieceDecoder(part.String("prefix"), part.Bool("cleanup", true)),
        "ByteLevel" => new ByteLevelDecoder(),
        "Metaspace" => new MetaspaceDecoder(part.Character("replacement"), PreTokenizerReader.Scheme(part) != PrependScheme.Never),
        "Replace" => new ReplaceDecoder(NormalizerReader.Pattern(part.Get("pattern")), part.String("content")),
        "Strip" => new StripDecoder(part.Character("content"), part.Get("start").AsInt(), part.Get("stop").AsInt()),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "BPEDecoder" => new BpeDecoder(part.String("suffix")),
        var type => throw part.Unknown("decoder", type, "Sequence, WordPiece, ByteLevel, Metaspace, Replace, Strip, ByteFallback, Fuse, BPEDecoder"),
    };
}
