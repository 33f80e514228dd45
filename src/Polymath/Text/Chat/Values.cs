using System.Globalization;
using System.Text;

namespace Polymath.Text.Chat;

/// <summary>The value of a name that is not there: empty as text, false, no items; anything else with it is an error.</summary>
internal sealed record Undefined(string Name);

/// <summary>A dictionary in the order of insertion.</summary>
internal sealed class Map : OrderedDictionary<string, object?>
{
    internal Map() : base(StringComparer.Ordinal) { }
}

/// <summary>Jinja's namespace(): the one kind of value that a template can change.</summary>
internal sealed class Namespace
{
    internal Dictionary<string, object?> Values { get; } = [];
}

/// <summary>Something that can be called.</summary>
internal delegate object? Function(RenderState state, Arguments arguments);

/// <summary>
/// Values of templates are null (none), bool, long, double, string, List&lt;object?&gt;, <see cref="Map"/>, <see cref="Namespace"/>,
/// <see cref="Function"/>, <see cref="LoopValue"/> and <see cref="Undefined"/>; these are Python's rules for them.
/// </summary>
internal static class Values
{
    private const int DeepestValue = 50;

    internal static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Map map => map.Count > 0,
        _ => true,
    };

    /// <summary>What a kind of value is called in messages.</summary>
    internal static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined missing => $"'{OneLine.Short(missing.Name)}', which is undefined",
        bool => "a truth value",
        long or double => "a number",
        string => "a string",
        List<object?> => "a list",
        Map => "a dictionary",
        Namespace => "a namespace",
        LoopValue => "the loop variable",
        _ => "a function",
    };

    /// <summary>The value as text, as it is written to the output.</summary>
    internal static string Text(RenderState state, object? value)
    {
        if (value is string text) return text;
        if (value is Undefined) return "";
        var result = new StringBuilder();
        Spell(state, value, result, 0);
        return result.ToString();
    }

    internal static List<object?> Items(RenderState state, object? value)
    {
        state.ChargeFor(value);
        switch (value)
        {
            case List<object?> list: return list;
            case Map map: return [.. map.Keys];
            case Undefined: return [];
            case string text:
                state.Charge(text.Length);
                return PythonText.Characters(text);
            default: throw state.Error($"{Kind(value)} has no items to go through");
        }
    }

    internal static long Length(RenderState state, object? value)
    {
        state.ChargeFor(value);
        return value switch
        {
            string text => PythonText.Length(text),
            List<object?> list => list.Count,
            Map map => map.Count,
            Undefined => 0,
            _ => throw state.Error($"{Kind(value)} has no length"),
        };
    }

    internal static bool Same(RenderState state, object? left, object? right, int depth = 0)
    {
        state.ChargeFor(left);
        if (depth > DeepestValue) throw state.Error("values nested too deeply are compared");
        return (left, right) switch
        {
            (string a, string b) => a == b,
            (List<object?> a, List<object?> b) => a.Count == b.Count && !a.Where((item, i) => !Same(state, item, b[i], depth + 1)).Any(),
            (Map a, Map b) => a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var other) && Same(state, p.Value, other, depth + 1)),
            (null, null) or (Undefined, Undefined) => true,
            _ when Number(left) is { } a && Number(right) is { } b => left is not double && right is not double ? Whole(left) == Whole(right) : a == b,
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Below 0, 0 or above 0, for numbers and for strings.</summary>
    internal static int Compare(RenderState state, object? left, object? right)
    {
        state.ChargeFor(left);
        if (left is string a && right is string b) return CompareText(a, b);
        if (Number(left) is not { } x || Number(right) is not { } y) throw state.Error($"{Kind(left)} cannot be ordered against {Kind(right)}");
        return left is double || right is double ? x.CompareTo(y) : Whole(left).CompareTo(Whole(right));
    }

    /// <summary>A truth value counts as 0 or 1.</summary>
    internal static double? Number(object? value) => value switch { bool flag => flag ? 1 : 0, long number => number, double number => number, _ => null };

    internal static long Whole(object? value) => value is bool flag ? (flag ? 1 : 0) : (long)value!;

    /// <summary>By code points: where they differ, a surrogate pair stands above everything in the basic plane.</summary>
    private static int CompareText(string left, string right)
    {
        var at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length) return left.Length.CompareTo(right.Length);
        return char.IsSurrogate(left[at]) == char.IsSurrogate(right[at]) ? left[at].CompareTo(right[at]) : char.IsSurrogate(left[at]) ? 1 : -1;
    }

    private static void Spell(RenderState state, object? value, StringBuilder result, int depth)
    {
        state.Charge(1);
        state.CheckLength(result.Length);
        if (depth > DeepestValue) throw state.Error("a value nested too deeply is written");
        switch (value)
        {
            case null: result.Append("None"); break;
            case bool flag: result.Append(flag ? "True" : "False"); break;
            case long number: result.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: result.Append(PythonText.Float(number)); break;
            case string text: result.Append(PythonText.Quoted(text)); break;
            case Undefined: result.Append("Undefined"); break;
            case List<object?> list: SpellAll('[', list, item => Spell(state, item, result, depth + 1), ']', result); break;
            case Map map:
                SpellAll('{', map, pair =>
                {
                    result.Append(PythonText.Quoted(pair.Key)).Append(": ");
                    Spell(state, pair.Value, result, depth + 1);
                }, '}', result);
                break;
            default: throw state.Error($"{Kind(value)} cannot be written as text");
        }
    }

    private static void SpellAll<T>(char open, IEnumerable<T> items, Action<T> spell, char close, StringBuilder result)
    {
        result.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first) result.Append(", ");
            first = false;
            spell(item);
        }
        result.Append(close);
    }
}
