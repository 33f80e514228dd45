namespace Polymath.Text.Chat;

/// <summary>What a statement leaves to the loop around it.</summary>
internal enum Flow
{
    On,
    Continue,
    Break,
}

/// <summary>A part of a template that writes or does something.</summary>
internal abstract class Statement(int line)
{
    protected int Line { get; } = line;

    internal Flow Run(RenderState state)
    {
        state.Enter(Line);
        var flow = Execute(state);
        state.Leave();
        return flow;
    }

    protected abstract Flow Execute(RenderState state);

    internal static Flow RunAll(RenderState state, IReadOnlyList<Statement> body)
    {
        foreach (var statement in body)
        {
            if (statement.Run(state) is not Flow.On and var flow) return flow;
        }
        return Flow.On;
    }
}

/// <summary>Text between tags.</summary>
internal sealed class TextStatement(int line, string text) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        state.Write(text);
        return Flow.On;
    }
}

/// <summary>{{ value }}.</summary>
internal sealed class Output(int line, Expression value) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        state.Write(Values.Text(state, value.Value(state)));
        return Flow.On;
    }
}

/// <summary>if, elif, else.</summary>
internal sealed class If(int line, IReadOnlyList<(Expression? Condition, IReadOnlyList<Statement> Body)> branches) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        foreach (var (condition, body) in branches)
        {
            if (condition is null || Values.IsTrue(condition.Value(state))) return RunAll(state, body);
        }
        return Flow.On;
    }
}

/// <summary>break, continue.</summary>
internal sealed class Jump(int line, Flow flow) : Statement(line)
{
    protected override Flow Execute(RenderState state) => flow;
}

/// <summary>set name = value, set a, b = value, set space.name = value.</summary>
internal sealed class Set(int line, Expression target, Expression value) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        Assignment.Assign(state, target, value.Value(state));
        return Flow.On;
    }
}

/// <summary>set name … endset: what is written in between is the value.</summary>
internal sealed class SetBlock(int line, Expression target, IReadOnlyList<Statement> body) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        var text = state.Capture(new Scope([], state.Scope), () => RunAll(state, body));
        Assignment.Assign(state, target, text);
        return Flow.On;
    }
}

/// <summary>for target in items if condition … else …; every round has a scope of its own.</summary>
internal sealed class For(int line, Expression target, Expression items, Expression? condition, IReadOnlyList<Statement> body, IReadOnlyList<Statement> otherwise) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        var outer = state.Scope;
        var depth = outer.Find("loop") is LoopValue around ? around.Depth + 1 : 1;
        var rounds = Values.Items(state, items.Value(state));
        if (condition is not null)
        {
            rounds = rounds.FindAll(item =>
            {
                state.Scope = new Scope([], outer);
                Assignment.Assign(state, target, item);
                return Values.IsTrue(condition.Value(state));
            });
        }
        for (var i = 0; i < rounds.Count; i++)
        {
            state.Scope = new Scope([], outer);
            Assignment.Assign(state, target, rounds[i]);
            state.Scope.Set("loop", new LoopValue(rounds, i, depth));
            if (RunAll(state, body) == Flow.Break) break;
        }
        state.Scope = outer;
        return rounds.Count == 0 ? RunAll(state, otherwise) : Flow.On;
    }
}

/// <summary>macro name(parameters) … endmacro: a function whose value is what it writes. It sees the template's own variables, not its caller's.</summary>
internal sealed class Macro(int line, string name, IReadOnlyList<(string Name, Expression? Default)> parameters, IReadOnlyList<Statement> body) : Statement(line)
{
    protected override Flow Execute(RenderState state)
    {
        state.Scope.Set(name, (Function)Invoke);
        return Flow.On;
    }

    private object? Invoke(RenderState state, Arguments arguments)
    {
        arguments.Check(state, name, parameters.Count, [.. parameters.Select(p => p.Name)]);
        var scope = new Scope([], state.TopScope());
        return state.Capture(scope, () =>
        {
            for (var i = 0; i < parameters.Count; i++)
            {
                var (parameter, otherwise) = parameters[i];
                scope.Set(parameter, arguments.Has(i, parameter) ? arguments.Get(i, parameter) : otherwise is null ? new Undefined(parameter) : otherwise.Value(state));
            }
            RunAll(state, body);
        });
    }
}

/// <summary>Gives a value to a name, to several (one item each), or to a member of a namespace.</summary>
internal static class Assignment
{
    internal static void Assign(RenderState state, Expression target, object? value)
    {
        switch (target)
        {
            case Variable variable:
                state.Scope.Set(variable.Name, value);
                break;
            case ListLiteral list:
                var items = Values.Items(state, value);
                if (items.Count != list.Items.Count) throw state.Error($"{items.Count} items cannot be given to {list.Items.Count} names");
                for (var i = 0; i < items.Count; i++) Assign(state, list.Items[i], items[i]);
                break;
            case Member { Target: var owner, Index: var index }:
                var space = owner.Value(state) as Namespace ?? throw state.Error("only a namespace's members can be set");
                space.Values[(string)index.Value(state)!] = value;
                break;
        }
    }
}
