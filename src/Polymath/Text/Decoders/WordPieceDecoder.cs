namespace Polymath.Text.Decoders;

/// <summary>Glues "##" pieces to their word, puts spaces between words and, when asked, tidies English punctuation and contractions.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : Decoder
{
    private static readonly (string From, string To)[] Tidy =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    internal override List<string> Apply(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (i > 0) token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            if (cleanUp)
            {
                foreach (var (from, to) in Tidy) token = token.Replace(from, to, StringComparison.Ordinal);
            }
            result.Add(token);
        }
        return result;
    }
}
