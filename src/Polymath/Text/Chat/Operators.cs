namespace Polymath.Text.Chat;

/// <summary>not value.</summary>
internal sealed class Not(int line, Expression value) : Expression(line)
{
    protected override object? Evaluate(RenderState state) => !Values.IsTrue(value.Value(state));
}

/// <summary>left and right, left or right: the operand that decides is the value.</summary>
internal sealed class Logic(int line, Expression left, bool isAnd, Expression right) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var first = left.Value(state);
        return Values.IsTrue(first) == isAnd ? right.Value(state) : first;
    }
}

/// <summary>value if condition else otherwise.</summary>
internal sealed class Conditional(int line, Expression value, Expression condition, Expression? otherwise) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        if (Values.IsTrue(condition.Value(state))) return value.Value(state);
        return otherwise is null ? new Undefined("the value of an 'if' without 'else'") : otherwise.Value(state);
    }
}

/// <summary>a &lt; b == c: each pair must hold.</summary>
internal sealed class Comparison(int line, Expression first, IReadOnlyList<(string Sign, Expression Operand)> rest) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var left = first.Value(state);
        foreach (var (sign, operand) in rest)
        {
            var right = operand.Value(state);
            if (!Holds(state, left, sign, right)) return false;
            left = right;
        }
        return true;
    }

    internal static bool Holds(RenderState state, object? left, string sign, object? right) => sign switch
    {
        "==" => Values.Same(state, left, right),
        "!=" => !Values.Same(state, left, right),
        "<" => Values.Compare(state, left, right) < 0,
        "<=" => Values.Compare(state, left, right) <= 0,
        ">" => Values.Compare(state, left, right) > 0,
        ">=" => Values.Compare(state, left, right) >= 0,
        "in" => Contains(state, right, left),
        _ => !Contains(state, right, left),
    };

    private static bool Contains(RenderState state, object? owner, object? item)
    {
        if (owner is string searched && item is string sought) state.ChargeSearch(searched, sought);
        else state.ChargeFor(owner);
        return owner switch
        {
            string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw state.Error($"{Values.Kind(item)} cannot be looked for in a string"),
            Map map => item is string key && map.ContainsKey(key),
            _ => Values.Items(state, owner).Any(i => Values.Same(state, i, item)),
        };
    }
}

/// <summary>a ~ b ~ c: joined as text.</summary>
internal sealed class Concatenation(int line, IReadOnlyList<Expression> parts) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var texts = new List<string>(parts.Count);
        long length = 0;
        foreach (var part in parts)
        {
            texts.Add(Values.Text(state, part.Value(state)));
            state.CheckLength(length += texts[^1].Length);
        }
        state.Charge(length / 8);
        return string.Concat(texts);
    }
}

/// <summary>-value or +value.</summary>
internal sealed class Sign(int line, Expression value, bool negative) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var operand = value.Value(state);
        return operand switch
        {
            long or bool => Arithmetic.Checked(state, () => negative ? checked(-Values.Whole(operand)) : Values.Whole(operand)),
            double number => negative ? -number : number,
            _ => throw state.Error($"{Values.Kind(operand)} has no sign"),
        };
    }
}

/// <summary>left + right and the other operations with numbers; + also joins strings and lists.</summary>
internal sealed class Arithmetic(int line, Expression left, string sign, Expression right) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var a = left.Value(state);
        var b = right.Value(state);
        if (sign == "+" && a is string first && b is string second)
        {
            state.CheckLength((long)first.Length + second.Length);
            state.Charge((first.Length + second.Length) / 8);
            return first + second;
        }
        if (sign == "+" && a is List<object?> head && b is List<object?> tail)
        {
            state.Charge(head.Count + tail.Count);
            return head.Count + tail.Count <= RenderState.MostItems ? head.Concat(tail).ToList() : throw state.Error($"a list grows beyond {RenderState.MostItems} items");
        }
        if (Values.Number(a) is not { } x || Values.Number(b) is not { } y)
            throw state.Error(sign == "+" && (a is string || b is string) ? $"a string and {Values.Kind(a is string ? b : a)} cannot be joined with '+' ('~' would)" : $"'{sign}' between {Values.Kind(a)} and {Values.Kind(b)} is not supported");
        if (sign is "/" or "//" or "%" && y == 0) throw state.Error("a division by zero");
        if (a is double || b is double || sign == "/") return Floats(x, y);
        return Checked(state, () => Wholes(state, Values.Whole(a), Values.Whole(b)));
    }

    internal static object? Checked(RenderState state, Func<object?> compute)
    {
        try
        {
            return compute();
        }
        catch (OverflowException)
        {
            throw state.Error("a number grows beyond 64 bits");
        }
    }

    private double Floats(double x, double y) => sign switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "//" => Math.Floor(x / y),
        "%" => x - y * Math.Floor(x / y),
        _ => Math.Pow(x, y),
    };

    private object? Wholes(RenderState state, long x, long y) => sign switch
    {
        "+" => checked(x + y),
        "-" => checked(x - y),
        "*" => checked(x * y),
        "//" => checked(x / y) - (x % y != 0 && x < 0 != y < 0 ? 1 : 0),
        "%" => y == -1 ? 0L : x % y is var rest && rest != 0 && rest < 0 != y < 0 ? rest + y : rest,
        _ => Power(state, x, y),
    };

    private static object? Power(RenderState state, long x, long y)
    {
        if (y < 0) return Math.Pow(x, y);
        if (y > 64 && x is not (0 or 1 or -1)) throw state.Error("a number grows beyond 64 bits");
        var result = 1L;
        for (var i = 0L; i < (y > 64 ? 64 + (y & 1) : y); i++) result = checked(result * x);
        return result;
    }
}
