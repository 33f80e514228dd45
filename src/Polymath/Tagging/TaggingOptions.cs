using Polymath.Features;

namespace Polymath.Tagging;

/// <summary>How a tagging task is learned.</summary>
public sealed record TaggingOptions
{
    /// <summary>The layers to read; null for the mean of the top four, or of all where there are fewer.</summary>
    public LayerMix? Layers { get; init; }

    /// <summary>How a word's tokens become one vector.</summary>
    public SubwordPooling Subwords { get; init; }

    /// <summary>How many words on either side lend their vectors. The layers have mixed context in already, and more inputs need more sentences.</summary>
    public int Neighbours { get; init; }

    /// <summary>Values of C to try for the regression on vectors.</summary>
    public IReadOnlyList<double> Grid { get; init; } = [0.01, 0.05, 0.2, 1];

    /// <summary>Values of C to try for the regression on word features.</summary>
    public IReadOnlyList<double> WordGrid { get; init; } = [0.25, 1, 4, 16];

    /// <summary>Shares to try for what the order of tags in the training data says; 0 keeps only the rule that sequences are valid.</summary>
    public IReadOnlyList<double> TransitionWeights { get; init; } = [0, 0.5, 1];

    /// <summary>Folds of the search for C and the share of transitions; whole sentences are folded.</summary>
    public int Folds { get; init; } = 3;

    /// <summary>Decides the folds.</summary>
    public int Seed { get; init; }
}
