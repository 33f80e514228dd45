namespace Polymath.Text;

/// <summary>
/// Splits long texts on token borders into pieces that a model can take, neighbours overlapping by some tokens. Every piece keeps its
/// offsets into the whole text (<see cref="Encoding.Span"/> is the range it covers).
/// </summary>
public sealed class Chunker
{
    private readonly Tokenizer _tokenizer;
    private readonly EncodeOptions _options;

    /// <summary>Creates a chunker.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="length">The most tokens of a piece, special tokens counted.</param>
    /// <param name="overlap">How many tokens of the text neighbouring pieces have in common.</param>
    /// <exception cref="PolymathException">The length has no room for a token of text besides the special ones and the overlap.</exception>
    public Chunker(Tokenizer tokenizer, int length, int overlap = 0)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var room = length - tokenizer.Encode("").Length;
        if (room < 1) throw new PolymathException($"chunks of {length} tokens have no room for text besides the {length - room} special tokens; use a larger length.");
        if (overlap < 0 || overlap >= room) throw new PolymathException($"an overlap of {overlap} does not fit: chunks of {length} tokens hold {room} tokens of text, and the overlap must be smaller (and not negative).");
        _tokenizer = tokenizer;
        _options = new EncodeOptions { MaxLength = length, Stride = overlap, Truncation = Truncation.OnlyFirst };
    }

    /// <summary>The pieces of a text in order; one piece where it fits whole (also for an empty text).</summary>
    /// <exception cref="PolymathException">The pieces would hold more than 20 million tokens.</exception>
    public IReadOnlyList<Encoding> Split(string text) => _tokenizer.Encode(text, null, _options);
}
