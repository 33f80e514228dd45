namespace Polymath.Tasks.Exporting;

/// <summary>How a folder that was exported is used from Python.</summary>
public enum ExportedKind
{
    /// <summary>A sequence-classification model of its family: <c>pipeline("text-classification", folder)</c>.</summary>
    OwnHead,
    /// <summary>A sentence-transformers model whose vectors the head reads.</summary>
    SentenceVectors,
    /// <summary>A network whose inner layers the head reads: <c>AutoModel</c> with <c>output_hidden_states</c>.</summary>
    LayerFeatures,
}
