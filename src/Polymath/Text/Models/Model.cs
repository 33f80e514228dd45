namespace Polymath.Text.Models;

/// <summary>A token of one piece: its id and its UTF-16 range within the piece; one that is "as written" shows that range as its text, not the vocabulary's spelling.</summary>
internal readonly record struct ModelToken(int Id, int Start, int End, bool AsWritten = false);

/// <summary>Cuts a piece into tokens of its vocabulary. Safe for use by many threads at once.</summary>
internal abstract class Model(Vocabulary vocabulary)
{
    internal Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>Adds the tokens of <paramref name="piece"/>, which is not empty, to <paramref name="output"/>.</summary>
    internal abstract void Tokenize(ReadOnlySpan<char> piece, List<ModelToken> output);
}
