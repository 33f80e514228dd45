namespace Polymath.Text.Chat;

/// <summary>Jinja's tests, the words behind "is", as far as templates use them.</summary>
internal static class Tests
{
    internal static bool Holds(RenderState state, string name, object? value, Arguments arguments)
    {
        return name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "string" => value is string,
            "number" => value is bool or long or double,
            "integer" => value is long,
            "float" => value is double,
            "boolean" => value is bool,
            "true" => value is true,
            "false" => value is false,
            "mapping" => value is Map,
            "sequence" => value is string or List<object?> or Map or Undefined,
            "iterable" => value is string or List<object?> or Map or Undefined,
            "callable" => value is Function,
            "even" => Remainder(state, name, value, 2) == 0,
            "odd" => Remainder(state, name, value, 2) != 0,
            "divisibleby" => arguments.Whole(state, 0, "num", 0) is not 0 and var by ? Remainder(state, name, value, by) == 0 : throw state.Error("a division by zero"),
            "upper" => Values.Text(state, value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "lower" => Values.Text(state, value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "sameas" => value is bool or null && Equals(value, arguments.Get(0, "other")),
            "equalto" or "eq" or "==" => Compared("=="),
            "ne" or "!=" => Compared("!="),
            "lt" or "lessthan" or "<" => Compared("<"),
            "le" or "<=" => Compared("<="),
            "gt" or "greaterthan" or ">" => Compared(">"),
            "ge" or ">=" => Compared(">="),
            "in" => Compared("in"),
            _ => throw state.Error($"the test '{OneLine.Short(name)}' is not supported"),
        };

        bool Compared(string sign) => Comparison.Holds(state, value, sign, arguments.Get(0, "other"));
    }

    private static long Remainder(RenderState state, string name, object? value, long by) =>
        value is long number ? by == -1 ? 0 : number % by : throw state.Error($"'{name}' of {Values.Kind(value)} is not supported");
}
