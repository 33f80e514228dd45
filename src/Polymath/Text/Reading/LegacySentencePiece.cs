namespace Polymath.Text.Reading;

/// <summary>Tokenizers from sentencepiece files alone. The file does not say which family's layout of ids it belongs to; its name and the side files do.</summary>
internal static class LegacySentencePiece
{
    private const long LargestFile = 1 << 28;

    /// <summary>spiece.model; ALBERT, XLNet and Pegasus also call theirs so, and lay it out otherwise.</summary>
    internal static TokenizerParts T5(string path, SideFiles side) =>
        SentencePieceLayouts.T5(Read(path, side, ["T5", "MT5", "PreTrainedTokenizer"], ["t5", "mt5", "umt5", "longt5"]), side);

    /// <summary>sentencepiece.bpe.model; CamemBERT, mBART and NLLB also call theirs so.</summary>
    internal static TokenizerParts XlmRoberta(string path, SideFiles side) =>
        SentencePieceLayouts.XlmRoberta(Read(path, side, ["XLMRoberta", "PreTrainedTokenizer"], ["xlm-roberta", "xlm-roberta-xl"]), side);

    /// <summary>tokenizer.model of Llama 1 and 2, Mistral and others.</summary>
    internal static TokenizerParts Llama(string path, SideFiles side) =>
        SentencePieceLayouts.Llama(Read(path, side, ["Llama", "PreTrainedTokenizer"], ["llama", "mistral", "mixtral"]), side);

    private static SentencePieceModel Read(string path, SideFiles side, string[] classes, string[] modelTypes)
    {
        side.RequireClass(path, classes);
        if (side.TokenizerClass.Length == 0 && side.ModelType.Length > 0 && !modelTypes.Contains(side.ModelType))
            throw new PolymathException($"{path}: how a model of type '{OneLine.Short(side.ModelType)}' lays out its tokens is not known from this file alone; add the folder's tokenizer.json.");
        return SentencePieceModel.Parse(ReadBytes(path), path);
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= LargestFile ? File.ReadAllBytes(path) : throw new PolymathException($"{path}: {length} bytes are too many for a sentencepiece model; {LargestFile} are the limit.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be read: {OneLine.Short(e.Message)}", e);
        }
    }
}
