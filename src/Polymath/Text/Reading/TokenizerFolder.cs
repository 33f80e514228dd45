namespace Polymath.Text.Reading;

/// <summary>Finds the tokenizer of a folder.</summary>
internal static class TokenizerFolder
{
    private static readonly (string Name, Func<string, SideFiles, TokenizerParts> Read)[] SentencePieceFiles =
    [
        ("spiece.model", LegacySentencePiece.T5), ("sentencepiece.bpe.model", LegacySentencePiece.XlmRoberta), ("tokenizer.model", LegacySentencePiece.Llama),
    ];

    /// <exception cref="PolymathException">There is none, or it is broken.</exception>
    internal static Tokenizer Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder)) throw new PolymathException($"{folder}: no such folder; name the folder of a Hugging Face model or tokenizer.");
        var side = SideFiles.Read(folder);
        var json = Path.Combine(folder, "tokenizer.json");
        if (File.Exists(json)) return new Tokenizer(TokenizerJson.Read(ReadText(json), json, side));
        var pieces = Path.Combine(folder, "vocab.txt");
        if (File.Exists(pieces)) return new Tokenizer(LegacyWordPiece.Read(pieces, side));
        var (vocabulary, merges) = (Path.Combine(folder, "vocab.json"), Path.Combine(folder, "merges.txt"));
        if (File.Exists(vocabulary) && File.Exists(merges)) return new Tokenizer(LegacyByteLevel.Read(vocabulary, merges, side));
        foreach (var (name, read) in SentencePieceFiles)
        {
            var path = Path.Combine(folder, name);
            if (File.Exists(path)) return new Tokenizer(read(path, side));
        }
        throw new PolymathException($"{folder}: no tokenizer here; expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or {string.Join(", ", SentencePieceFiles.Select(f => f.Name))}.");
    }

    internal static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be read: {OneLine.Short(e.Message)}", e);
        }
    }
}
