namespace Polymath.Text.Reading;

/// <summary>What a piece is for; the numbers are those of sentencepiece's files and of GGUF.</summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>How pieces are chosen.</summary>
internal enum PieceAlgorithm
{
    Unigram = 1,
    Bpe = 2,
    Word = 3,
    Character = 4,
}

/// <summary>One entry of a sentencepiece vocabulary.</summary>
internal readonly record struct SentencePiece(string Text, float Score, PieceKind Kind);

/// <summary>
/// What a sentencepiece file holds (ModelProto in its sentencepiece_model.proto), as far as encoding needs it. A piece's place is its id.
/// </summary>
internal sealed record SentencePieceModel
{
    private const int LongestPiece = 2000;

    /// <summary>What error messages call the file.</summary>
    internal required string Source { get; init; }

    internal required IReadOnlyList<SentencePiece> Pieces { get; init; }

    internal PieceAlgorithm Algorithm { get; init; } = PieceAlgorithm.Unigram;

    /// <summary>Characters that are no piece are spelled in bytes.</summary>
    internal bool ByteFallback { get; init; }

    /// <summary>"▁" ends words instead of starting them.</summary>
    internal bool SpaceAsSuffix { get; init; }

    /// <summary>The compiled normalization; empty for none.</summary>
    internal byte[] CharacterMap { get; init; } = [];

    /// <summary>A "▁" is put in front of the text.</summary>
    internal bool AddDummyPrefix { get; init; } = true;

    /// <summary>Spaces at both ends go and runs of them become one.</summary>
    internal bool RemoveExtraSpaces { get; init; } = true;

    /// <summary>Spaces are written as "▁".</summary>
    internal bool EscapeSpaces { get; init; } = true;

    /// <summary>The id of the unknown piece, or null.</summary>
    internal int? Unknown => Enumerable.Range(0, Pieces.Count).Where(i => Pieces[i].Kind == PieceKind.Unknown).Select(i => (int?)i).FirstOrDefault();

    /// <exception cref="PolymathException">The bytes are not such a file.</exception>
    internal static SentencePieceModel Parse(ReadOnlySpan<byte> bytes, string source)
    {
        var pieces = new List<SentencePiece>();
        var model = new SentencePieceModel { Source = source, Pieces = pieces };
        var reader = new WireReader(bytes, source);
        while (reader.Next())
        {
            if (reader.Field == 1) pieces.Add(ReadPiece(reader.Message()));
            else if (reader.Field == 2) model = ReadTraining(reader.Message(), model);
            else if (reader.Field == 3) model = ReadNormalization(reader.Message(), model);
            else reader.Skip();
        }
        model.Check();
        return model;
    }

    /// <exception cref="PolymathException">A piece is missing, repeated, or too long, or the model works in a way that is not known.</exception>
    internal void Check()
    {
        if (Pieces.Count is 0 or > Models.Vocabulary.LargestId) throw new PolymathException($"{Source}: {Pieces.Count} pieces are no vocabulary; the file is damaged or not a sentencepiece model.");
        var seen = new HashSet<string>(Pieces.Count);
        for (var i = 0; i < Pieces.Count; i++)
        {
            var (text, score, _) = Pieces[i];
            var fault = text.Length is 0 or > LongestPiece ? $"has {text.Length} characters, expected 1 to {LongestPiece}" : !float.IsFinite(score) ? "has no finite score" : !seen.Add(text) ? "occurs twice" : null;
            if (fault is not null) throw new PolymathException($"{Source}: piece {i} ('{OneLine.Short(text)}') {fault}; the file is damaged, fetch it again.");
        }
        if (Algorithm is not (PieceAlgorithm.Unigram or PieceAlgorithm.Bpe))
            throw new PolymathException($"{Source}: a sentencepiece model of type {(int)Algorithm} cannot be used; unigram (1) and BPE (2) can.");
        if (SpaceAsSuffix || !EscapeSpaces)
            throw new PolymathException($"{Source}: the model wants spaces treated in another way than '▁' before words, which cannot be done; add the folder's tokenizer.json.");
    }

    private static SentencePiece ReadPiece(WireReader reader)
    {
        var (text, score, kind) = ("", 0f, PieceKind.Normal);
        while (reader.Next())
        {
            if (reader.Field == 1) text = reader.String();
            else if (reader.Field == 2) score = reader.Float();
            else if (reader.Field == 3) kind = (PieceKind)reader.Int();
            else reader.Skip();
        }
        return Enum.IsDefined(kind) ? new SentencePiece(text, score, kind) : throw reader.Wrong($"a piece of the kind {(int)kind} is not known");
    }

    private static SentencePieceModel ReadTraining(WireReader reader, SentencePieceModel model)
    {
        while (reader.Next())
        {
            if (reader.Field == 3) model = model with { Algorithm = (PieceAlgorithm)reader.Int() };
            else if (reader.Field == 24) model = model with { SpaceAsSuffix = reader.Bool() };
            else if (reader.Field == 35) model = model with { ByteFallback = reader.Bool() };
            else reader.Skip();
        }
        return model;
    }

    private static SentencePieceModel ReadNormalization(WireReader reader, SentencePieceModel model)
    {
        while (reader.Next())
        {
            if (reader.Field == 2) model = model with { CharacterMap = reader.Bytes().ToArray() };
            else if (reader.Field == 3) model = model with { AddDummyPrefix = reader.Bool() };
            else if (reader.Field == 4) model = model with { RemoveExtraSpaces = reader.Bool() };
            else if (reader.Field == 5) model = model with { EscapeSpaces = reader.Bool() };
            else reader.Skip();
        }
        return model;
    }
}
