namespace Polymath.Text.Chat;

/// <summary>The functions that every template has. The clock (strftime_now) is not among them: the same conversation gives the same text.</summary>
internal static class Builtins
{
    internal static Function? Find(string name) => name switch
    {
        "range" => Range,
        "namespace" => MakeNamespace,
        "dict" => MakeMap,
        "raise_exception" => (state, a) => throw state.Refusal(Values.Text(state, a.Get(0, "message"))),
        _ => null,
    };

    private static object? Range(RenderState state, Arguments arguments)
    {
        arguments.Check(state, "range", 3);
        var one = arguments.Positional.Count < 2;
        var start = one ? 0 : arguments.Whole(state, 0, "start", 0);
        var stop = arguments.Whole(state, one ? 0 : 1, "stop", 0);
        var step = arguments.Whole(state, 2, "step", 1);
        if (step == 0) throw state.Error("a range's step cannot be 0");
        var numbers = new List<object?>();
        for (Int128 i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            if (numbers.Count == RenderState.MostItems) throw state.Error($"a range of more than {RenderState.MostItems} numbers");
            numbers.Add((long)i);
        }
        state.Charge(numbers.Count);
        return numbers;
    }

    private static object? MakeNamespace(RenderState state, Arguments arguments)
    {
        arguments.Check(state, "namespace", 1, [.. arguments.Named.Keys]);
        var space = new Namespace();
        if (arguments.Positional.Count > 0) foreach (var (name, value) in arguments.Positional[0] as Map ?? throw state.Error("a namespace from anything but a dictionary is not supported")) space.Values[name] = value;
        foreach (var (name, value) in arguments.Named) space.Values[name] = value;
        return space;
    }

    private static object? MakeMap(RenderState state, Arguments arguments)
    {
        arguments.Check(state, "dict", 0, [.. arguments.Named.Keys]);
        var map = new Map();
        foreach (var (name, value) in arguments.Named) map[name] = value;
        return map;
    }
}
