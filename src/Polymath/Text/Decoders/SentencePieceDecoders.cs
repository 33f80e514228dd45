using System.Globalization;
using System.Text;
using Polymath.Text.Patterns;

namespace Polymath.Text.Decoders;

/// <summary>"▁" back to a space; those of the first token go, unless none was ever put there.</summary>
internal sealed class MetaspaceDecoder(char replacement, bool dropFirst) : Decoder
{
    internal override List<string> Apply(List<string> tokens) =>
        [.. tokens.Select((t, i) => i == 0 && dropFirst ? t.Replace(replacement.ToString(), "", StringComparison.Ordinal) : t.Replace(replacement, ' '))];
}

/// <summary>Replaces every match of a pattern in every token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : Decoder
{
    private const int Longest = 1 << 25;

    internal override List<string> Apply(List<string> tokens) => [.. tokens.Select(Replace)];

    private string Replace(string token)
    {
        var result = new StringBuilder();
        var from = 0;
        foreach (var match in pattern.Find(token))
        {
            result.Append(token, from, match.Start - from).Append(content);
            if (result.Length > Longest) throw new PolymathException($"decoded text grows beyond {Longest} characters; the tokenizer's decoder is broken.");
            from = match.End;
        }
        return result.Append(token, from, token.Length - from).ToString();
    }
}

/// <summary>Takes a character off the ends of every token, at most so many times.</summary>
internal sealed class StripDecoder(char content, int start, int stop) : Decoder
{
    internal override List<string> Apply(List<string> tokens) => [.. tokens.Select(Strip)];

    private string Strip(string token)
    {
        var (from, to) = (0, token.Length);
        while (from < token.Length && from < start && token[from] == content) from++;
        while (to > from && token.Length - to < stop && token[to - 1] == content) to--;
        return token[from..to];
    }
}

/// <summary>Joins runs of byte tokens ("&lt;0x0A&gt;") to text; a run that is not valid UTF-8 gives one U+FFFD for each byte.</summary>
internal sealed class ByteFallbackDecoder : Decoder
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    internal override List<string> Apply(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        var run = new List<byte>();
        foreach (var token in tokens)
        {
            if (ByteOf(token) is { } value)
            {
                run.Add(value);
                continue;
            }
            Flush();
            result.Add(token);
        }
        Flush();
        return result;

        void Flush()
        {
            if (run.Count == 0) return;
            try
            {
                result.Add(Strict.GetString([.. run]));
            }
            catch (DecoderFallbackException)
            {
                result.Add(new string('\uFFFD', run.Count));
            }
            run.Clear();
        }
    }

    private static byte? ByteOf(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;
}

/// <summary>The end-of-word suffix of classic BPE becomes a space, except at the very end.</summary>
internal sealed class BpeDecoder(string suffix) : Decoder
{
    internal override List<string> Apply(List<string> tokens) => suffix.Length == 0
        ? tokens
        : [.. tokens.Select((t, i) => t.Replace(suffix, i == tokens.Count - 1 ? "" : " ", StringComparison.Ordinal))];
}
