namespace Polymath.Text.Chat;

/// <summary>The tokens of a template while they are parsed, with the guard against nesting that would overflow the stack.</summary>
internal sealed class TokenStream(List<TemplateToken> tokens, string source)
{
    private const int Deepest = 100, LongestChain = 200;
    private int _at, _depth;

    internal TemplateToken Current => tokens[_at];

    internal TemplateToken After => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    internal int Line => Current.Line;

    internal TemplateToken Take() => Current.Kind == TokenKind.End ? Current : tokens[_at++];

    internal bool TakeName(string name) => TakeIf(Current.IsName(name));

    internal bool TakeOperator(string sign) => TakeIf(Current.IsOperator(sign));

    internal void NeedOperator(string sign)
    {
        if (!TakeOperator(sign)) throw Expected($"'{sign}'");
    }

    internal string NeedName() => Current.Kind == TokenKind.Name ? Take().Text : throw Expected("a name");

    internal void Need(TokenKind kind, string what)
    {
        if (Current.Kind != kind) throw Expected(what);
        Take();
    }

    /// <summary>Parses something that may hold its own kind.</summary>
    internal T Nested<T>(Func<T> parse)
    {
        if (++_depth > Deepest) throw Error(Line, $"more than {Deepest} levels within each other");
        var parsed = parse();
        _depth--;
        return parsed;
    }

    /// <summary>Counts the operators of one chain, which is as deep as it is long.</summary>
    internal void CheckChain(int length)
    {
        if (length > LongestChain) throw Error(Line, $"more than {LongestChain} operations in a row");
    }

    internal PolymathException Expected(string what) => Error(Line, $"expected {what}, found {Shown(Current)}");

    internal PolymathException Error(int line, string what) => new($"{source}: line {line} of the chat template: {what}.");

    private static string Shown(TemplateToken token) => token.Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.Text => "text",
        TokenKind.String => $"the string '{OneLine.Short(token.Text)}'",
        _ => $"'{OneLine.Short(token.Text)}'",
    };

    private bool TakeIf(bool holds)
    {
        if (holds) Take();
        return holds;
    }
}
