using System.Globalization;

namespace Polymath.Text.Chat;

/// <summary>Parses expressions with Jinja's precedence, from loose to tight: if-else, or, and, not, comparisons, + -, ~, * / // %, **, signs, members, calls, filters and tests.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>An expression, or several with commas between, which are a list.</summary>
    internal Expression ParseTuple(bool withCondition = true)
    {
        var line = tokens.Line;
        Expression One() => withCondition ? Parse() : ParseOr();
        var first = One();
        if (!tokens.Current.IsOperator(",")) return first;
        List<Expression> items = [first];
        while (tokens.TakeOperator(",") && !EndsTuple()) items.Add(One());
        return new ListLiteral(line, items);
    }

    internal Expression Parse() => tokens.Nested(ParseConditional);

    /// <summary>What can be assigned to: a name, names with commas between, or (for "set") a namespace's member.</summary>
    internal Expression ParseTarget(bool withMember)
    {
        var line = tokens.Line;
        if (withMember && tokens.After.IsOperator("."))
        {
            var owner = new Variable(line, tokens.NeedName());
            tokens.Take();
            return new Member(line, owner, new Literal(line, tokens.NeedName()), dotted: true);
        }
        List<Expression> names = [One()];
        var comma = false;
        while (tokens.TakeOperator(","))
        {
            comma = true;
            if (tokens.Current.Kind == TokenKind.Name && !tokens.Current.IsName("in")) names.Add(One());
        }
        return comma ? new ListLiteral(line, names) : names[0];

        Expression One()
        {
            if (!tokens.TakeOperator("(")) return new Variable(tokens.Line, tokens.NeedName());
            var inner = tokens.Nested(() => ParseTarget(withMember: false));
            tokens.NeedOperator(")");
            return inner;
        }
    }

    private bool EndsTuple() => tokens.Current.Kind is TokenKind.OutputEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("]") || tokens.Current.IsName("in");

    private Expression ParseConditional()
    {
        var line = tokens.Line;
        var value = ParseOr();
        for (var chain = 0; tokens.TakeName("if"); chain++)
        {
            tokens.CheckChain(chain);
            var condition = ParseOr();
            value = new Conditional(line, value, condition, tokens.TakeName("else") ? Parse() : null);
        }
        return value;
    }

    internal Expression ParseOr() => Chain(ParseAnd, () => tokens.TakeName("or") ? "or" : null, (line, a, _, b) => new Logic(line, a, isAnd: false, b));

    private Expression ParseAnd() => Chain(ParseNot, () => tokens.TakeName("and") ? "and" : null, (line, a, _, b) => new Logic(line, a, isAnd: true, b));

    private Expression ParseNot()
    {
        var line = tokens.Line;
        return tokens.TakeName("not") ? new Not(line, tokens.Nested(ParseNot)) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        var line = tokens.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (Sign() is { } sign) rest.Add((sign, ParseSum()));
        return rest.Count == 0 ? first : new Comparison(line, first, rest);

        string? Sign()
        {
            if (tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(tokens.Current.Text)) return tokens.Take().Text;
            if (tokens.TakeName("in")) return "in";
            if (!tokens.Current.IsName("not") || !tokens.After.IsName("in")) return null;
            tokens.Take();
            tokens.Take();
            return "not in";
        }
    }

    private Expression ParseSum() => Chain(ParseConcatenation, () => Operator("+", "-"), (line, a, sign, b) => new Arithmetic(line, a, sign, b));

    private Expression ParseConcatenation()
    {
        var line = tokens.Line;
        List<Expression> parts = [ParseProduct()];
        while (tokens.TakeOperator("~")) parts.Add(ParseProduct());
        return parts.Count == 1 ? parts[0] : new Concatenation(line, parts);
    }

    private Expression ParseProduct() => Chain(ParsePower, () => Operator("*", "/", "//", "%"), (line, a, sign, b) => new Arithmetic(line, a, sign, b));

    private Expression ParsePower() => Chain(() => ParseSigned(withFilter: true), () => Operator("**"), (line, a, sign, b) => new Arithmetic(line, a, sign, b));

    private Expression ParseSigned(bool withFilter)
    {
        var line = tokens.Line;
        var value = Operator("-", "+") is { } sign
            ? new Sign(line, tokens.Nested(() => ParseSigned(withFilter: false)), sign == "-")
            : ParsePostfix(ParsePrimary());
        return withFilter ? ParseFilters(ParsePostfix(value)) : value;
    }

    private Expression ParsePrimary()
    {
        var line = tokens.Line;
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(line, true),
                    "false" or "False" => new Literal(line, false),
                    "none" or "None" => new Literal(line, null),
                    _ => new Variable(line, token.Text),
                };
            case TokenKind.String:
                var text = token.Text;
                while (tokens.Current.Kind == TokenKind.String) text += tokens.Take().Text;
                return new Literal(line, text);
            case TokenKind.Integer:
                return new Literal(line, long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? whole : throw tokens.Error(line, $"the number {OneLine.Short(token.Text)} is too large"));
            case TokenKind.Float:
                return new Literal(line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                return tokens.Nested(() => Parenthesis(line));
            case TokenKind.Operator when token.Text == "[":
                return new ListLiteral(line, tokens.Nested(() => Listed("]", Parse)));
            case TokenKind.Operator when token.Text == "{":
                return new MapLiteral(line, tokens.Nested(() => Listed("}", () =>
                {
                    var key = Parse();
                    tokens.NeedOperator(":");
                    return (key, Parse());
                })));
            default:
                throw tokens.Error(line, $"expected a value, found {(token.Kind == TokenKind.End ? "the end of the template" : $"'{OneLine.Short(token.Text)}'")}");
        }
    }

    private Expression Parenthesis(int line)
    {
        if (tokens.TakeOperator(")")) return new ListLiteral(line, []);
        var inner = ParseTuple();
        tokens.NeedOperator(")");
        return inner;
    }

    private List<T> Listed<T>(string close, Func<T> parse)
    {
        var items = new List<T>();
        while (!tokens.TakeOperator(close))
        {
            if (items.Count > 0) tokens.NeedOperator(",");
            if (items.Count > 0 && tokens.TakeOperator(close)) break;
            items.Add(parse());
        }
        return items;
    }

    private Expression ParsePostfix(Expression value)
    {
        for (var chain = 0; ; chain++)
        {
            tokens.CheckChain(chain);
            var line = tokens.Line;
            if (tokens.TakeOperator("."))
            {
                value = tokens.Current.Kind == TokenKind.Integer
                    ? new Member(line, value, ParsePrimary(), dotted: true)
                    : new Member(line, value, new Literal(line, tokens.NeedName()), dotted: true);
            }
            else if (tokens.TakeOperator("[")) value = tokens.Nested(() => Subscript(line, value));
            else if (tokens.TakeOperator("(")) value = new Call(line, value, tokens.Nested(ParseArguments));
            else return value;
        }
    }

    private Expression Subscript(int line, Expression value)
    {
        Expression? Bound() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Parse();
        var first = Bound();
        if (first is not null && tokens.TakeOperator("]")) return new Member(line, value, first, dotted: false);
        tokens.NeedOperator(":");
        var stop = Bound();
        var step = tokens.TakeOperator(":") ? Bound() : null;
        tokens.NeedOperator("]");
        return new Slice(line, value, first, stop, step);
    }

    /// <summary>Arguments up to the closing bracket, the opening one is read.</summary>
    private ArgumentList ParseArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        Listed(")", () =>
        {
            if (tokens.Current.Kind == TokenKind.Name && tokens.After.IsOperator("="))
            {
                var (line, name) = (tokens.Line, tokens.NeedName());
                tokens.Take();
                if (named.Exists(n => n.Name == name)) throw tokens.Error(line, $"the argument '{OneLine.Short(name)}' is given twice");
                named.Add((name, Parse()));
            }
            else
            {
                positional.Add(Parse());
            }
            return true;
        });
        return new ArgumentList(positional, named);
    }

    private Expression ParseFilters(Expression value)
    {
        for (var chain = 0; ; chain++)
        {
            tokens.CheckChain(chain);
            var line = tokens.Line;
            if (tokens.TakeOperator("|"))
            {
                var name = tokens.NeedName();
                value = new Filter(line, value, name, tokens.TakeOperator("(") ? tokens.Nested(ParseArguments) : ArgumentList.None);
            }
            else if (tokens.TakeName("is")) value = ParseTest(line, value);
            else if (tokens.TakeOperator("(")) value = new Call(line, value, tokens.Nested(ParseArguments));
            else return value;
        }
    }

    private Expression ParseTest(int line, Expression value)
    {
        var negated = tokens.TakeName("not");
        var name = tokens.NeedName();
        var arguments = ArgumentList.None;
        if (tokens.TakeOperator("(")) arguments = tokens.Nested(ParseArguments);
        else if (StartsValue()) arguments = new ArgumentList([tokens.Nested(() => ParsePostfix(ParsePrimary()))], []);
        Expression test = new Test(line, value, name, arguments);
        return negated ? new Not(line, test) : test;
    }

    /// <summary>Whether a test's one argument follows without brackets.</summary>
    private bool StartsValue() => tokens.Current.Kind switch
    {
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "if" or "in" or "not" or "is"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        _ => tokens.Current.IsOperator("[") || tokens.Current.IsOperator("{"),
    };

    private string? Operator(params ReadOnlySpan<string> signs)
    {
        foreach (var sign in signs)
        {
            if (tokens.TakeOperator(sign)) return sign;
        }
        return null;
    }

    private Expression Chain(Func<Expression> operand, Func<string?> sign, Func<int, Expression, string, Expression, Expression> join)
    {
        var line = tokens.Line;
        var value = operand();
        for (var chain = 1; sign() is { } found; chain++)
        {
            tokens.CheckChain(chain);
            value = join(line, value, found, operand());
        }
        return value;
    }
}
