namespace Polymath.Text.PostProcessors;

/// <summary>What happens to encodings after truncation: offsets trimmed, special tokens put around and between.</summary>
internal abstract class PostProcessor
{
    /// <summary>How many special tokens will be added to one text or to a pair.</summary>
    internal virtual int AddedTokens(bool pair) => 0;

    /// <summary>Rewrites the parts of the answer; each part is a list of variants, the kept piece first, then its overflow.</summary>
    internal abstract List<Encoding[]> Apply(Tokenizer tokenizer, List<Encoding[]> parts, bool addSpecialTokens);
}

/// <summary>Several post-processors, one after the other; at most one of them is a template.</summary>
internal sealed class PostProcessorSequence(IReadOnlyList<PostProcessor> steps) : PostProcessor
{
    internal override int AddedTokens(bool pair) => steps.Sum(s => s.AddedTokens(pair));

    internal override List<Encoding[]> Apply(Tokenizer tokenizer, List<Encoding[]> parts, bool addSpecialTokens)
    {
        foreach (var step in steps) parts = step.Apply(tokenizer, parts, addSpecialTokens);
        return parts;
    }
}
