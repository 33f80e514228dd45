using Polymath.Text.Added;
using Polymath.Text.Decoders;
using Polymath.Text.Models;
using Polymath.Text.Normalizers;
using Polymath.Text.PostProcessors;
using Polymath.Text.PreTokenizers;

namespace Polymath.Text.Reading;

/// <summary>What a tokenizer is put together from.</summary>
internal sealed record TokenizerParts
{
    internal Normalizer? Normalizer { get; init; }

    internal PreTokenizer? PreTokenizer { get; init; }

    internal required Model Model { get; init; }

    internal PostProcessor? PostProcessor { get; init; }

    internal Decoder? Decoder { get; init; }

    internal required IReadOnlyList<AddedToken> Added { get; init; }

    internal EncodeOptions FileOptions { get; init; } = new();

    internal SideFiles Side { get; init; } = SideFiles.None;

    internal int? ModelMaxLength => Side.ModelMaxLength;

    /// <summary>The special tokens that the side files name; for a part that they leave open, an added token with a usual name.</summary>
    internal SpecialTokens Special(Func<string, int?> idOf)
    {
        return new SpecialTokens
        {
            Pad = Find("pad_token", "[PAD]", "<pad>"),
            Unknown = Find("unk_token", "[UNK]", "<unk>"),
            Class = Find("cls_token", "[CLS]"),
            Separator = Find("sep_token", "[SEP]"),
            Mask = Find("mask_token", "[MASK]", "<mask>"),
            Begin = Find("bos_token", "<s>", "<|begin_of_text|>"),
            End = Find("eos_token", "</s>", "<|endoftext|>"),
        };

        SpecialToken? Find(string role, params string[] usual)
        {
            var text = Side.SpecialToken(role)?.Content ?? usual.FirstOrDefault(u => Added.Any(a => a.Special && a.Content == u));
            return text is not null && idOf(text) is { } id ? new SpecialToken(text, id) : null;
        }
    }
}
