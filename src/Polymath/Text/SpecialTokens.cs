namespace Polymath.Text;

/// <summary>A token with a meaning of its own.</summary>
/// <param name="Text">How it is written.</param>
/// <param name="Id">Its id.</param>
public sealed record SpecialToken(string Text, int Id);

/// <summary>The special tokens of a tokenizer by their parts; null where it has none.</summary>
public sealed record SpecialTokens
{
    /// <summary>Fills short rows of a batch.</summary>
    public SpecialToken? Pad { get; init; }

    /// <summary>Stands for what the vocabulary lacks.</summary>
    public SpecialToken? Unknown { get; init; }

    /// <summary>Stands at the start; classifiers read it.</summary>
    public SpecialToken? Class { get; init; }

    /// <summary>Separates two texts.</summary>
    public SpecialToken? Separator { get; init; }

    /// <summary>Hides a token that is to be guessed.</summary>
    public SpecialToken? Mask { get; init; }

    /// <summary>Begins a text.</summary>
    public SpecialToken? Begin { get; init; }

    /// <summary>Ends a text.</summary>
    public SpecialToken? End { get; init; }
}
