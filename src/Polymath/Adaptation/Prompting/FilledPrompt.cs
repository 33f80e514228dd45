namespace Polymath.Adaptation;

/// <summary>A prompt ready for the model.</summary>
/// <param name="Before">Tokens up to the answer (of an encoder-decoder: of the source), special tokens included.</param>
/// <param name="After">Tokens behind the answer's gap, in a masked model; else null.</param>
/// <param name="CutTokens">Tokens of shortenable fields that found no room.</param>
/// <param name="DroppedDemonstrations">Demonstrations that found no room.</param>
public sealed record FilledPrompt(int[] Before, int[]? After, int CutTokens, int DroppedDemonstrations);

/// <summary>What filling had to leave out, counted over rows.</summary>
public sealed class PromptReport
{
    /// <summary>Prompts made.</summary>
    public long Prompts { get; private set; }

    /// <summary>Prompts whose fields were shortened.</summary>
    public long CutPrompts { get; private set; }

    /// <summary>Tokens cut off in all.</summary>
    public long CutTokens { get; private set; }

    /// <summary>Demonstrations left out in all.</summary>
    public long DroppedDemonstrations { get; private set; }

    /// <summary>Tokens of all prompts.</summary>
    public long Tokens { get; private set; }

    internal void Count(FilledPrompt prompt)
    {
        Prompts++;
        if (prompt.CutTokens > 0) CutPrompts++;
        CutTokens += prompt.CutTokens;
        DroppedDemonstrations += prompt.DroppedDemonstrations;
        Tokens += prompt.Before.Length + (prompt.After?.Length ?? 0);
    }
}
