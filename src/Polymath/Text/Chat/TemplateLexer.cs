using System.Text.RegularExpressions;

namespace Polymath.Text.Chat;

/// <summary>
/// Cuts a template into text and tags as Jinja does with trim_blocks and lstrip_blocks on: the line break behind a block or comment goes,
/// and so do the spaces before one that starts its line; "-" inside a tag takes all white space on its side, "+" keeps it.
/// </summary>
internal sealed partial class TemplateLexer
{
    private const int LongestTemplate = 1 << 20;

    private readonly string _text;
    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at, _line = 1, _countedTo;

    private TemplateLexer(string text, string source)
    {
        if (text.Length > LongestTemplate) throw new PolymathException($"{source}: a chat template of {text.Length} characters is too long; {LongestTemplate} are the limit.");
        text = text.ReplaceLineEndings("\n").Replace('\r', '\n');
        // The last line break is not part of the output.
        (_text, _source) = (text.EndsWith('\n') ? text[..^1] : text, source);
    }

    /// <exception cref="PolymathException">A tag, comment or string is not closed, or a character has no meaning.</exception>
    internal static List<TemplateToken> Read(string text, string source)
    {
        var lexer = new TemplateLexer(text, source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        var lineStarts = true;
        while (_at < _text.Length)
        {
            var open = NextTag();
            if (open < 0) break;
            var kind = _text[open + 1];
            AddText(_text.AsSpan(_at, open - _at), SignAt(open + 2), lineStarts && kind != '{', kind != '{');
            _at = open;
            if (kind == '#') SkipComment();
            else if (kind == '{') ReadTag("}}", TokenKind.OutputBegin, TokenKind.OutputEnd);
            else if (RawBegin().Match(_text, _at) is { Success: true } raw) ReadRaw(raw);
            else ReadTag("%}", TokenKind.BlockBegin, TokenKind.BlockEnd);
            lineStarts = _text[_at - 1] == '\n';
        }
        if (_at < _text.Length) Add(TokenKind.Text, _text[_at..]);
        _at = _text.Length;
        Add(TokenKind.End, "");
    }

    [GeneratedRegex(@"\G\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})")]
    private static partial Regex RawBegin();

    [GeneratedRegex(@"\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)")]
    private static partial Regex RawEnd();

    private int NextTag()
    {
        for (var i = _at; (i = _text.IndexOf('{', i)) >= 0 && i + 1 < _text.Length; i++)
        {
            if (_text[i + 1] is '{' or '%' or '#') return i;
        }
        return -1;
    }

    private char SignAt(int at) => at < _text.Length && _text[at] is '-' or '+' ? _text[at] : ' ';

    /// <summary>Text before a tag, without the white space that the tag takes.</summary>
    private void AddText(ReadOnlySpan<char> text, char sign, bool lineStarts, bool isBlock)
    {
        if (sign == '-')
        {
            text = text[..PythonText.TrimmedEnd(text)];
        }
        else if (sign != '+' && isBlock)
        {
            var lastLine = text.LastIndexOf('\n') + 1;
            if ((lastLine > 0 || lineStarts) && PythonText.TrimmedEnd(text) <= lastLine) text = text[..lastLine];
        }
        if (text.Length > 0) Add(TokenKind.Text, text.ToString());
    }

    private void SkipComment()
    {
        var end = _text.IndexOf("#}", _at + 2, StringComparison.Ordinal);
        if (end < 0) throw Wrong("a comment is not closed with '#}'");
        var sign = end > _at + 2 ? _text[end - 1] : ' ';
        _at = end + 2;
        SkipAfter(sign);
    }

    private void ReadRaw(Match begin)
    {
        var from = _at + begin.Length;
        var end = RawEnd().Match(_text, from);
        if (!end.Success) throw Wrong("'raw' is not closed with '{% endraw %}'");
        _at = from;
        AddText(_text.AsSpan(from, end.Index - from), end.Groups[1].Length > 0 ? end.Groups[1].Value[0] : ' ', lineStarts: false, isBlock: true);
        _at = end.Index + end.Length;
    }

    /// <summary>What a tag takes behind it.</summary>
    private void SkipAfter(char sign)
    {
        if (sign == '-')
        {
            while (_at < _text.Length && PythonText.IsSpace(_text[_at])) _at++;
        }
        else if (sign != '+' && _at < _text.Length && _text[_at] == '\n')
        {
            _at++;
        }
    }

    private void ReadTag(string close, TokenKind begin, TokenKind end)
    {
        Add(begin, _text.Substring(_at, 2));
        var opened = _at;
        _at += 2;
        if (SignAt(_at) != ' ') _at++;
        var brackets = 0;
        while (true)
        {
            while (_at < _text.Length && PythonText.IsSpace(_text[_at])) _at++;
            if (_at >= _text.Length)
            {
                _at = opened;
                throw Wrong($"a tag is not closed with '{close}'");
            }
            var sign = _text[_at] == '-' || (_text[_at] == '+' && end == TokenKind.BlockEnd) ? _text[_at] : ' ';
            if (brackets == 0 && string.CompareOrdinal(_text, sign == ' ' ? _at : _at + 1, close, 0, 2) == 0)
            {
                Add(end, close);
                _at += sign == ' ' ? 2 : 3;
                // A line break behind an output stays.
                if (sign == '-' || end == TokenKind.BlockEnd) SkipAfter(sign);
                return;
            }
            var token = ExpressionToken();
            if (token is "(" or "[" or "{") brackets++;
            else if (token is ")" or "]" or "}") brackets--;
        }
    }

    /// <summary>Reads a token within a tag; gives its text where it is an operator.</summary>
    private string ExpressionToken()
    {
        var c = _text[_at];
        var start = _at;
        if (char.IsLetter(c) || c == '_')
        {
            while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_')) _at++;
            Add(TokenKind.Name, _text[start.._at], start);
        }
        else if (char.IsAsciiDigit(c))
        {
            var number = Number().Match(_text, _at);
            _at += number.Length;
            Add(number.Groups[1].Success ? TokenKind.Float : TokenKind.Integer, number.Value.Replace("_", "", StringComparison.Ordinal), start);
        }
        else if (c is '"' or '\'')
        {
            Add(TokenKind.String, TemplateString.Read(_text, ref _at) ?? throw Wrong("a string is not closed"), start);
        }
        else
        {
            var sign = _text.AsSpan(_at) is ['/', '/', ..] or ['*', '*', ..] or ['=', '=', ..] or ['!', '=', ..] or ['>', '=', ..] or ['<', '=', ..] ? _text.Substring(_at, 2) : c.ToString();
            if (sign.Length == 1 && !"+-*/%~[](){}<>=.:|,".Contains(c)) throw Wrong($"the character '{OneLine.Short(sign)}' has no meaning here");
            _at += sign.Length;
            Add(TokenKind.Operator, sign, start);
            return sign;
        }
        return "";
    }

    [GeneratedRegex(@"\G[0-9][0-9_]*((?:\.[0-9][0-9_]*)?[eE][-+]?[0-9]+|\.[0-9][0-9_]*)?")]
    private static partial Regex Number();

    private void Add(TokenKind kind, string text) => Add(kind, text, _at);

    private void Add(TokenKind kind, string text, int at)
    {
        for (; _countedTo < at; _countedTo++)
        {
            if (_text[_countedTo] == '\n') _line++;
        }
        _tokens.Add(new TemplateToken(kind, text, _line));
    }

    private PolymathException Wrong(string what) =>
        new($"{_source}: line {1 + _text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n')} of the chat template: {what}.");
}
