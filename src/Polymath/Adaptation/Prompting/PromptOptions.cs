using Polymath.Features;

namespace Polymath.Adaptation;

/// <summary>How a task is put to a language model. Nothing of the model is trained.</summary>
public sealed record PromptOptions
{
    /// <summary>How rows become prompts; null takes <see cref="PromptTemplate.Plain"/>.</summary>
    public PromptTemplate? Template { get; init; }

    /// <summary>Label → words; null takes the labels' names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Words { get; init; }

    /// <summary>How the words of a label become its score.</summary>
    public AnswerScore Score { get; init; }

    /// <summary>Which rows are shown; null for none: zero-shot.</summary>
    public DemonstrationOptions? Demonstrations { get; init; }

    /// <summary>How answers are calibrated; null tries all on a slice of the rows and keeps none where none is better.</summary>
    public CalibrationMethod? Calibration { get; init; }

    /// <summary>Inputs without content for contextual calibration.</summary>
    public IReadOnlyList<string> ContentFree { get; init; } = Adaptation.Calibration.ContentFree;

    /// <summary>The most rows that choose the calibration.</summary>
    public int CalibrationRows { get; init; } = 64;

    /// <summary>The encoder whose features choose demonstrations; needed for nearest, diverse and support-vectors.</summary>
    public Backbone? Encoder { get; init; }

    /// <summary>Where its features are kept, or null.</summary>
    public FeatureStore? Store { get; init; }

    /// <summary>Decides which rows choose the calibration.</summary>
    public int Seed { get; init; }
}
