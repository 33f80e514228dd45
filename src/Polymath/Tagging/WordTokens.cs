using Polymath.Features;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Tagging;

/// <summary>
/// The tokens that the backbone reads for one sentence, and which of them stand for which word. A sentence beyond the token limit is read in
/// pieces that overlap; each token is taken from the piece in which it has most context on its nearer side, so no word is lost.
/// </summary>
internal sealed record WordTokens(TokenRow[] Pieces, (int Piece, int Token)[][] Words)
{
    private const int Overlap = 32;

    /// <summary>Tokenizes a sentence and aligns its words by the tokens' offsets into the text.</summary>
    /// <param name="backbone">The backbone whose tokenizer and limits hold.</param>
    /// <param name="sentence">The sentence.</param>
    /// <param name="limit">The most tokens of a piece, special tokens included.</param>
    public static WordTokens Of(Backbone backbone, TaggedSentence sentence, int limit)
    {
        var text = Lower(backbone, sentence.Text);
        var room = limit - backbone.Tokenizer.Encode("").Length;
        if (room < 1) throw new PolymathException($"a limit of {limit} tokens has no room for text besides the {limit - room} special tokens; use a larger one");
        var encodings = backbone.Tokenizer.Encode(text, null, new EncodeOptions { MaxLength = limit, Stride = Math.Min(Overlap, room / 2) });
        // An offset occurs once in each piece that holds its token; several tokens may share one (a character in several bytes).
        var best = new SortedDictionary<(int Start, int End, int Occurrence), (int Piece, int Token, int Context)>();
        for (var piece = 0; piece < encodings.Count; piece++)
        {
            var offsets = encodings[piece].Offsets;
            int[] real = [.. Enumerable.Range(0, offsets.Length).Where(t => encodings[piece].SequenceIds[t] == 0)];
            var seen = new Dictionary<TextSpan, int>();
            for (var i = 0; i < real.Length; i++)
            {
                var span = offsets[real[i]];
                var occurrence = seen[span] = seen.GetValueOrDefault(span) + 1;
                var context = Math.Min(piece == 0 ? int.MaxValue : i, piece == encodings.Count - 1 ? int.MaxValue : real.Length - 1 - i);
                if (!best.TryGetValue((span.Start, span.End, occurrence), out var known) || context > known.Context) best[(span.Start, span.End, occurrence)] = (piece, real[i], context);
            }
        }
        var row = new Row(sentence.Text) { Line = sentence.Line };
        return new WordTokens([.. encodings.Select(encoding => TokenRow.From(encoding, backbone, row))], Align(sentence, [.. best.Select(pair => (pair.Key.Start, pair.Key.End, pair.Value.Piece, pair.Value.Token))]));
    }

    /// <summary>For every word the tokens that overlap it; a word without any (a control character, say) takes the token before it, or the first.</summary>
    private static (int, int)[][] Align(TaggedSentence sentence, (int Start, int End, int Piece, int Token)[] tokens)
    {
        var words = new (int, int)[sentence.Words.Count][];
        var next = 0;
        for (var w = 0; w < words.Length; w++)
        {
            var span = sentence.Words[w];
            while (next < tokens.Length && tokens[next].End <= span.Start) next++;
            var own = new List<(int, int)>();
            for (var t = next; t < tokens.Length && tokens[t].Start < span.End; t++)
                if (tokens[t].End > span.Start) own.Add((tokens[t].Piece, tokens[t].Token));
            words[w] = own.Count > 0 ? [.. own] : [next > 0 ? (tokens[next - 1].Piece, tokens[next - 1].Token) : (0, 0)];
        }
        return words;
    }

    /// <summary>Lower case where the folder asks for it, character by character so that offsets stay.</summary>
    private static string Lower(Backbone backbone, string text)
    {
        if (!backbone.Sentence.LowerCase) return text;
        var lower = text.ToLowerInvariant();
        return lower.Length == text.Length ? lower : string.Concat(text.Select(char.ToLowerInvariant));
    }
}
