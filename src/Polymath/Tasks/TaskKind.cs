namespace Polymath.Tasks;

/// <summary>What a task predicts.</summary>
public enum TaskKind
{
    /// <summary>One of several classes.</summary>
    Classification,
    /// <summary>Any number of several classes.</summary>
    MultiLabel,
    /// <summary>A number.</summary>
    Regression,
    /// <summary>One of several classes for every token.</summary>
    TokenClassification,
    /// <summary>A text.</summary>
    Generate,
}
