namespace Polymath.Text.Added;

/// <summary>A token found in the text by its spelling, before the model sees anything.</summary>
internal sealed record AddedToken(string Content, int Id)
{
    /// <summary>Counts only where no word character touches it.</summary>
    internal bool SingleWord { get; init; }

    /// <summary>Swallows the white space before it.</summary>
    internal bool LeftStrip { get; init; }

    /// <summary>Swallows the white space behind it.</summary>
    internal bool RightStrip { get; init; }

    /// <summary>Looked for in normalized text instead of the original.</summary>
    internal bool Normalized { get; init; }

    /// <summary>Left out when decoding skips special tokens.</summary>
    internal bool Special { get; init; }
}
