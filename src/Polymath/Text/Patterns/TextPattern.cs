using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Polymath.Text.Patterns;

/// <summary>What a Split or Replace step looks for: a literal string or a regular expression.</summary>
internal abstract class TextPattern
{
    /// <summary>All matches in order, without overlap, as UTF-16 ranges of <paramref name="text"/>.</summary>
    internal abstract List<TextSpan> Find(ReadOnlySpan<char> text);
}

/// <summary>A literal string; the empty one matches nothing.</summary>
internal sealed class LiteralPattern(string literal) : TextPattern
{
    internal override List<TextSpan> Find(ReadOnlySpan<char> text)
    {
        var found = new List<TextSpan>();
        if (literal.Length == 0) return found;
        for (var from = 0; from < text.Length;)
        {
            var at = text[from..].IndexOf(literal, StringComparison.Ordinal);
            if (at < 0) break;
            found.Add(new TextSpan(from + at, from + at + literal.Length));
            from += at + literal.Length;
        }
        return found;
    }
}

/// <summary>
/// A regular expression over code points with the reference's Unicode tables (see <see cref="RegexView"/>). A pattern that takes far too
/// long on a text, as one from a hostile file may, is an error and not a hang.
/// </summary>
internal sealed class RegexPattern : TextPattern
{
    private const int LongestPattern = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Regex _regex;
    private readonly string _source;

    /// <exception cref="PolymathException">The pattern is not one that .NET's regular expressions know.</exception>
    internal RegexPattern(string pattern, string source)
    {
        _source = source;
        if (pattern.Length > LongestPattern) throw new PolymathException($"{source}: a regular expression of {pattern.Length} characters is too long; {LongestPattern} are the limit.");
        try
        {
            _regex = new Regex(pattern, RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException e)
        {
            throw new PolymathException($"{source}: the regular expression '{OneLine.Short(pattern)}' cannot be used: {OneLine.Short(e.Message)}", e);
        }
    }

    internal override List<TextSpan> Find(ReadOnlySpan<char> text)
    {
        var found = new List<TextSpan>();
        var view = new RegexView(text);
        var clock = Stopwatch.StartNew();
        try
        {
            foreach (var match in _regex.EnumerateMatches(view.Chars))
            {
                found.Add(new TextSpan(view.Position(match.Index), view.Position(match.Index + match.Length)));
                if (clock.Elapsed > Patience) throw new RegexMatchTimeoutException();
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new PolymathException($"{_source}: the regular expression '{OneLine.Short(_regex.ToString())}' takes too long on a text of {text.Length} characters; it backtracks without bound.", e);
        }
        return found;
    }
}
