using System.Globalization;

namespace Polymath.Text.Chat;

/// <summary>Jinja's filters, as far as templates use them.</summary>
internal static class Filters
{
    internal static object? Apply(RenderState state, string name, object? value, Arguments arguments)
    {
        state.ChargeFor(value);
        string Text() => Values.Text(state, value);
        return name switch
        {
            "trim" => PythonText.Strip(Text(), arguments.Text(state, 0, "chars"), left: true, right: true),
            "length" or "count" => Values.Length(state, value),
            "tojson" => TemplateJson.Write(state, value, arguments),
            "default" or "d" => value is Undefined || (Values.IsTrue(arguments.Get(1, "boolean")) && !Values.IsTrue(value)) ? arguments.Has(0, "default_value") ? arguments.Get(0, "default_value") : "" : value,
            "upper" => Text().ToUpperInvariant(),
            "lower" => Text().ToLowerInvariant(),
            "title" => StringMethods.Title(Text()),
            "capitalize" => StringMethods.Capitalize(Text()),
            "string" or "safe" => Text(),
            "replace" => StringMethods.Replace(state, Text(), arguments.NeedText(state, 0, "old"), arguments.NeedText(state, 1, "new"), arguments.Whole(state, 2, "count", -1)),
            "indent" => Indent(state, Text(), arguments),
            "first" => Values.Items(state, value) is [var item, ..] ? item : new Undefined("the first of no items"),
            "last" => Values.Items(state, value) is [.., var item] ? item : new Undefined("the last of no items"),
            "list" => Values.Items(state, value).ToList(),
            "reverse" => Reverse(state, value),
            "unique" => Unique(state, Values.Items(state, value)),
            "items" => value is Map map ? MapMethods.Pairs(map) : value is Undefined ? new List<object?>() : throw state.Error($"'items' of {Values.Kind(value)} is not supported"),
            "join" => Join(state, Values.Items(state, value).ConvertAll(i => Picked(state, i, arguments.Text(state, 1, "attribute"))), Values.Text(state, arguments.Get(0, "d") ?? "")),
            "map" => Values.Items(state, value).ConvertAll(Mapping(state, arguments)),
            "select" => Selected(state, value, arguments, null, wanted: true),
            "reject" => Selected(state, value, arguments, null, wanted: false),
            "selectattr" => Selected(state, value, arguments.Skip(1), arguments.NeedText(state, 0, "attribute"), wanted: true),
            "rejectattr" => Selected(state, value, arguments.Skip(1), arguments.NeedText(state, 0, "attribute"), wanted: false),
            "int" => Whole(value, arguments.Whole(state, 0, "default", 0)),
            "float" => Values.Number(value) ?? (value is string text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0.0),
            "abs" => value is double d ? Math.Abs(d) : value is long l ? Arithmetic.Checked(state, () => Math.Abs(l)) : throw state.Error($"'abs' of {Values.Kind(value)} is not supported"),
            _ => throw state.Error($"the filter '{OneLine.Short(name)}' is not supported"),
        };
    }

    internal static string Join(RenderState state, List<object?> items, string separator)
    {
        var texts = new List<string>(items.Count);
        long length = 0;
        foreach (var item in items)
        {
            texts.Add(Values.Text(state, item));
            state.CheckLength(length += texts[^1].Length + separator.Length);
        }
        state.Charge(length / 8);
        return string.Join(separator, texts);
    }

    private static object? Picked(RenderState state, object? item, string? attribute)
    {
        foreach (var name in attribute?.Split('.') ?? [])
            item = Members.Find(state, item, long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : name, dotted: false);
        return item;
    }

    private static Converter<object?, object?> Mapping(RenderState state, Arguments arguments)
    {
        if (arguments.Positional.Count > 0)
        {
            var (name, rest) = (arguments.NeedText(state, 0, "filter"), arguments.Skip(1));
            return item =>
            {
                state.Enter(0);
                var mapped = Apply(state, name, item, rest);
                state.Leave();
                return mapped;
            };
        }
        var attribute = arguments.NeedText(state, 0, "attribute");
        return item => Picked(state, item, attribute) is Undefined && arguments.Named.TryGetValue("default", out var otherwise) ? otherwise : Picked(state, item, attribute);
    }

    /// <summary>The items of which a test (or, without one, their truth) holds or does not.</summary>
    private static List<object?> Selected(RenderState state, object? value, Arguments arguments, string? attribute, bool wanted)
    {
        var rest = arguments.Positional.Count > 0 ? arguments.Skip(1) : arguments;
        var test = arguments.Positional.Count > 0 ? arguments.NeedText(state, 0, "test") : null;
        return Values.Items(state, value).FindAll(item =>
        {
            state.Charge(1);
            var picked = Picked(state, item, attribute);
            return (test is null ? Values.IsTrue(picked) : Tests.Holds(state, test, picked, rest)) == wanted;
        });
    }

    private static object? Reverse(RenderState state, object? value)
    {
        var reversed = Enumerable.Reverse(Values.Items(state, value)).ToList();
        return value is string ? string.Concat(reversed) : reversed;
    }

    private static List<object?> Unique(RenderState state, List<object?> items)
    {
        // Jinja compares without regard to case.
        var unique = new List<object?>();
        static object? Folded(object? item) => item is string text ? text.ToLowerInvariant() : item;
        foreach (var item in items)
        {
            state.Charge(unique.Count);
            if (!unique.Any(u => Values.Same(state, Folded(u), Folded(item)))) unique.Add(item);
        }
        return unique;
    }

    private static string Indent(RenderState state, string text, Arguments arguments)
    {
        var width = arguments.Get(0, "width") is string given ? given : new string(' ', (int)Math.Clamp(arguments.Whole(state, 0, "width", 4), 0, 1000));
        var (first, blank) = (Values.IsTrue(arguments.Get(1, "first")), Values.IsTrue(arguments.Get(2, "blank")));
        var lines = text.Split('\n');
        state.CheckLength(text.Length + lines.Length * (long)width.Length);
        state.Charge(lines.Length + (text.Length + lines.Length * (long)width.Length) / 8);
        return string.Join('\n', lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? width + line : line));
    }

    private static object Whole(object? value, long otherwise) => value switch
    {
        long or bool => Values.Whole(value),
        double number when double.IsFinite(number) && Math.Abs(number) < 9e18 => (long)number,
        string text when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) => number,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < 9e18 => (long)number,
        _ => otherwise,
    };
}
