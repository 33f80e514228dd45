namespace Polymath.Tagging;

/// <summary>How the words of a tagging task are read from its backbone, besides layers and pooling.</summary>
/// <param name="Neighbours">Words on either side whose vectors stand beside the word's own.</param>
/// <param name="MaxTokens">The most tokens read at once; longer sentences are read in overlapping pieces.</param>
public sealed record TaggingRecord(int Neighbours, int MaxTokens);
