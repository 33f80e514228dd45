namespace Polymath.Text.Chat;

/// <summary>A part of a template that has a value.</summary>
internal abstract class Expression(int line)
{
    internal int Line { get; } = line;

    internal object? Value(RenderState state)
    {
        state.Enter(Line);
        var value = Evaluate(state);
        state.Leave();
        return value;
    }

    protected abstract object? Evaluate(RenderState state);
}

/// <summary>A number, a string, true, false or none.</summary>
internal sealed class Literal(int line, object? value) : Expression(line)
{
    protected override object? Evaluate(RenderState state) => value;
}

/// <summary>A variable.</summary>
internal sealed class Variable(int line, string name) : Expression(line)
{
    internal string Name { get; } = name;

    protected override object? Evaluate(RenderState state) => state.Scope.Find(Name);
}

/// <summary>[a, b] or (a, b): tuples are lists here.</summary>
internal sealed class ListLiteral(int line, IReadOnlyList<Expression> items) : Expression(line)
{
    internal IReadOnlyList<Expression> Items { get; } = items;

    protected override object? Evaluate(RenderState state) => Items.Select(i => i.Value(state)).ToList();
}

/// <summary>{key: value}; keys are strings.</summary>
internal sealed class MapLiteral(int line, IReadOnlyList<(Expression Key, Expression Value)> pairs) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var map = new Map();
        foreach (var (key, value) in pairs)
        {
            var name = key.Value(state) as string ?? throw state.Error("a dictionary with keys that are not strings is not supported");
            map[name] = value.Value(state);
        }
        return map;
    }
}

/// <summary>target.name or target[index].</summary>
internal sealed class Member(int line, Expression target, Expression index, bool dotted) : Expression(line)
{
    internal Expression Target { get; } = target;

    internal Expression Index { get; } = index;

    protected override object? Evaluate(RenderState state)
    {
        var owner = Target.Value(state);
        var key = Index.Value(state);
        return Members.Find(state, owner, key, dotted);
    }
}

/// <summary>target[start:stop:step].</summary>
internal sealed class Slice(int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var owner = target.Value(state);
        return Members.Slice(state, owner, Bound(start, state), Bound(stop, state), Bound(step, state));
    }

    private static long? Bound(Expression? bound, RenderState state) => bound?.Value(state) switch
    {
        null => null,
        long number => Math.Clamp(number, int.MinValue, int.MaxValue),
        var other => throw state.Error($"a slice's bound should be a whole number and is {Values.Kind(other)}"),
    };
}

/// <summary>function(arguments).</summary>
internal sealed class Call(int line, Expression function, ArgumentList arguments) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var callee = function.Value(state);
        if (callee is not Function known)
        {
            var name = callee is Undefined missing ? $"the function '{OneLine.Short(missing.Name)}'" : $"a call of {Values.Kind(callee)}";
            throw state.Error($"{name} is not supported");
        }
        var values = arguments.Evaluate(state);
        return known(state, values);
    }
}

/// <summary>value | name(arguments).</summary>
internal sealed class Filter(int line, Expression value, string name, ArgumentList arguments) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var input = value.Value(state);
        return Filters.Apply(state, name, input, arguments.Evaluate(state));
    }
}

/// <summary>value is name(arguments).</summary>
internal sealed class Test(int line, Expression value, string name, ArgumentList arguments) : Expression(line)
{
    protected override object? Evaluate(RenderState state)
    {
        var input = value.Value(state);
        return Tests.Holds(state, name, input, arguments.Evaluate(state));
    }
}

/// <summary>The arguments of a call before they are evaluated.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    internal static ArgumentList None { get; } = new([], []);

    internal Arguments Evaluate(RenderState state) => Positional.Count + Named.Count == 0
        ? Arguments.None
        : new([.. Positional.Select(p => p.Value(state))], Named.ToDictionary(n => n.Name, n => n.Value.Value(state)));
}
