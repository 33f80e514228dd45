using Polymath.Text.Models;

namespace Polymath.Text.Reading;

/// <summary>sentencepiece's byte-pair encoding as one with explicit merges: the file ranks pieces, not pairs, so every cut of a piece into two pieces is a merge.</summary>
internal static class SentencePieceBpe
{
    /// <exception cref="PolymathException">The pieces do not make a vocabulary.</exception>
    internal static BytePairEncoding Model(SentencePieceModel model)
    {
        var vocabulary = new Vocabulary([.. model.Pieces.Select(p => p.Text)]);
        var options = new BpeOptions { Unknown = model.Unknown, FuseUnknown = true, ByteFallback = model.ByteFallback };
        return ModelReader.Bpe(vocabulary, Merges(model, vocabulary), options, model.Source);
    }

    /// <summary>Better pieces first (by score, then by id), and of one piece the cut with the shorter left part first.</summary>
    private static IEnumerable<(string Left, string Right)> Merges(SentencePieceModel model, Vocabulary vocabulary)
    {
        foreach (var piece in model.Pieces.Where(p => p.Kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused).OrderByDescending(p => p.Score))
        {
            for (var cut = 1; cut < piece.Text.Length; cut++)
            {
                if (char.IsLowSurrogate(piece.Text[cut])) continue;
                if (vocabulary.IdOf(piece.Text.AsSpan(0, cut)) >= 0 && vocabulary.IdOf(piece.Text.AsSpan(cut)) >= 0) yield return (piece.Text[..cut], piece.Text[cut..]);
            }
        }
    }
}
