namespace Polymath.Text.Chat;

/// <summary>Parses a template's text and tags into statements.</summary>
internal sealed class StatementParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;

    private StatementParser(TokenStream tokens) => (_tokens, _expressions) = (tokens, new ExpressionParser(tokens));

    /// <exception cref="PolymathException">The template is broken, or uses a statement that is not supported.</exception>
    internal static IReadOnlyList<Statement> Parse(string text, string source)
    {
        var tokens = new TokenStream(TemplateLexer.Read(text, source), source);
        var body = new StatementParser(tokens).ParseBody("");
        return tokens.Current.Kind == TokenKind.End ? body : throw tokens.Error(tokens.Line, $"'{OneLine.Short(tokens.After.Text)}' has nothing to end or to belong to");
    }

    /// <summary>Statements up to a block with one of these names, of which only the opening is not read; with no name up to the end.</summary>
    private List<Statement> ParseBody(params string[] ends) => _tokens.Nested(() =>
    {
        var body = new List<Statement>();
        while (true)
        {
            var token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    body.Add(new TextStatement(token.Line, _tokens.Take().Text));
                    break;
                case TokenKind.OutputBegin:
                    _tokens.Take();
                    body.Add(new Output(token.Line, _expressions.ParseTuple()));
                    _tokens.Need(TokenKind.OutputEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin when _tokens.After.Kind == TokenKind.Name && (ends.Contains(_tokens.After.Text) || _tokens.After.Text is "elif" or "else" || _tokens.After.Text.StartsWith("end", StringComparison.Ordinal)):
                    return body;
                case TokenKind.BlockBegin:
                    _tokens.Take();
                    body.AddRange(ParseBlock(_tokens.NeedName(), token.Line));
                    break;
                default:
                    return body;
            }
        }
    });

    private IReadOnlyList<Statement> ParseBlock(string name, int line)
    {
        switch (name)
        {
            case "if": return [ParseIf(line)];
            case "for": return [ParseFor(line)];
            case "set": return [ParseSet(line)];
            case "macro": return [ParseMacro(line)];
            case "break" or "continue":
                Close();
                return [new Jump(line, name == "break" ? Flow.Break : Flow.Continue)];
            case "generation":
                // Marks what the model itself has said, for training; nothing is written differently.
                Close();
                var body = ParseBody("endgeneration");
                End("endgeneration", line);
                return body;
            default: throw _tokens.Error(line, $"the statement '{OneLine.Short(name)}' is not supported");
        }
    }

    private If ParseIf(int line)
    {
        var branches = new List<(Expression?, IReadOnlyList<Statement>)>();
        do
        {
            var condition = _expressions.ParseTuple(withCondition: false);
            Close();
            branches.Add((condition, ParseBody("elif", "else", "endif")));
        }
        while (TakeBlock("elif"));
        if (TakeBlock("else"))
        {
            Close();
            branches.Add((null, ParseBody("endif")));
        }
        End("endif", line);
        return new If(line, branches);
    }

    private For ParseFor(int line)
    {
        var target = _expressions.ParseTarget(withMember: false);
        if (!_tokens.TakeName("in")) throw _tokens.Expected("'in'");
        var items = _expressions.ParseTuple(withCondition: false);
        var condition = _tokens.TakeName("if") ? _expressions.Parse() : null;
        if (_tokens.Current.IsName("recursive")) throw _tokens.Error(line, "the statement 'for … recursive' is not supported");
        Close();
        var body = ParseBody("else", "endfor");
        IReadOnlyList<Statement> otherwise = [];
        if (TakeBlock("else"))
        {
            Close();
            otherwise = ParseBody("endfor");
        }
        End("endfor", line);
        return new For(line, target, items, condition, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        var target = _expressions.ParseTarget(withMember: true);
        if (_tokens.TakeOperator("="))
        {
            var value = _expressions.ParseTuple();
            Close();
            return new Set(line, target, value);
        }
        if (_tokens.Current.IsOperator("|")) throw _tokens.Error(line, "the statement 'set' with a filter is not supported");
        Close();
        var body = ParseBody("endset");
        End("endset", line);
        return new SetBlock(line, target, body);
    }

    private Macro ParseMacro(int line)
    {
        var name = _tokens.NeedName();
        _tokens.NeedOperator("(");
        var parameters = new List<(string, Expression?)>();
        while (!_tokens.TakeOperator(")"))
        {
            if (parameters.Count > 0) _tokens.NeedOperator(",");
            parameters.Add((_tokens.NeedName(), _tokens.TakeOperator("=") ? _expressions.Parse() : null));
        }
        Close();
        var body = ParseBody("endmacro");
        End("endmacro", line);
        return new Macro(line, name, parameters, body);
    }

    private bool TakeBlock(string name)
    {
        if (_tokens.Current.Kind != TokenKind.BlockBegin || !_tokens.After.IsName(name)) return false;
        _tokens.Take();
        _tokens.Take();
        return true;
    }

    private void End(string name, int line)
    {
        if (!TakeBlock(name)) throw _tokens.Current.Kind == TokenKind.End ? _tokens.Error(line, $"the block that starts here is not closed with '{name}'") : _tokens.Error(_tokens.Line, $"expected '{name}', found '{OneLine.Short(_tokens.After.Text)}'");
        Close();
    }

    private void Close() => _tokens.Need(TokenKind.BlockEnd, "'%}'");
}
