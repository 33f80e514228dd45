namespace Polymath.Text;

/// <summary>Which text of a pair is cut when both together are too long.</summary>
public enum Truncation
{
    /// <summary>The longer one first; then both to half.</summary>
    LongestFirst,

    /// <summary>Only the first text.</summary>
    OnlyFirst,

    /// <summary>Only the second text.</summary>
    OnlySecond,
}

/// <summary>The end of a text that is cut off.</summary>
public enum TruncationSide
{
    /// <summary>The end; the answer is the beginning of the text.</summary>
    Right,

    /// <summary>The beginning; the answer is the end of the text.</summary>
    Left,
}

/// <summary>The end of an encoding that padding is added to.</summary>
public enum PaddingSide
{
    /// <summary>Behind the tokens.</summary>
    Right,

    /// <summary>Before the tokens.</summary>
    Left,
}

/// <summary>How an encoding is truncated and padded.</summary>
public sealed record EncodeOptions
{
    /// <summary>Whether the template's special tokens ([CLS], [SEP], …) are added.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>The most tokens an encoding may have, special tokens counted; null: any number.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Which text of a pair is cut.</summary>
    public Truncation Truncation { get; init; }

    /// <summary>Which end of a text is cut.</summary>
    public TruncationSide TruncationSide { get; init; }

    /// <summary>How many tokens neighbouring overflow pieces have in common.</summary>
    public int Stride { get; init; }

    /// <summary>Whether the pieces that are cut off are wanted too; without them long texts and pairs are cheaper.</summary>
    public bool Overflow { get; init; } = true;

    /// <summary>Padding; null: none.</summary>
    public Padding? Padding { get; init; }
}

/// <summary>Padding of one encoding to a length.</summary>
public sealed record Padding
{
    /// <summary>The length to fill up to; null: the encoding's own (which <see cref="MultipleOf"/> may round up).</summary>
    public int? Length { get; init; }

    /// <summary>The length is rounded up to a multiple of this; null: not rounded.</summary>
    public int? MultipleOf { get; init; }

    /// <summary>Where the padding goes.</summary>
    public PaddingSide Side { get; init; }

    /// <summary>Id of the padding token; null: the tokenizer's own (<see cref="SpecialTokens.Pad"/>), or 0 where it has none.</summary>
    public int? Id { get; init; }

    /// <summary>Type id of padding.</summary>
    public int TypeId { get; init; }
}
