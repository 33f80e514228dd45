namespace Polymath.Checkpoints;

/// <summary>
/// How llama3 stretches rotary positions for longer contexts: long waves by the factor, short ones not at all, blended between them. Formula of
/// huggingface/transformers, <c>modeling_rope_utils.py</c> (<c>_compute_llama3_parameters</c>).
/// </summary>
/// <param name="Factor">How much longer the context became.</param>
/// <param name="Low">Waves that turn less often within the original context are stretched by the whole factor.</param>
/// <param name="High">Waves that turn more often within the original context stay.</param>
/// <param name="Context">The original context in tokens.</param>
internal sealed record Llama3Scaling(double Factor, double Low, double High, double Context)
{
    /// <summary>The stretched frequency of a plain one, in radians a position.</summary>
    public double Scale(double frequency)
    {
        var turns = Context * frequency / (2 * Math.PI);
        if (turns < Low) return frequency / Factor;
        if (turns > High) return frequency;
        var share = (turns - Low) / (High - Low);
        return (1 - share) * frequency / Factor + share * frequency;
    }
}
