namespace Polymath.Generation;

/// <summary>How a language model reads and answers.</summary>
public enum LanguageModelKind
{
    /// <summary>Reads from left to right and goes on with the text (GPT-2, Llama).</summary>
    Decoder,
    /// <summary>Reads a source, then writes (T5, BART).</summary>
    EncoderDecoder,
    /// <summary>Fills gaps in a text (BERT).</summary>
    Masked,
}
