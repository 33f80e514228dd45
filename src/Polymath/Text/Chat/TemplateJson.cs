using System.Globalization;
using System.Text;

namespace Polymath.Text.Chat;

/// <summary>The filter tojson as chat templates have it: Python's json.dumps with ensure_ascii off, spaces behind "," and ":".</summary>
internal static class TemplateJson
{
    private const int Deepest = 50, WidestIndent = 16;

    internal static string Write(RenderState state, object? value, Arguments arguments)
    {
        arguments.Check(state, "tojson", 1, "indent", "ensure_ascii");
        if (Values.IsTrue(arguments.Named.GetValueOrDefault("ensure_ascii"))) throw state.Error("'tojson' with ensure_ascii is not supported");
        var result = new StringBuilder();
        var indent = arguments.Get(0, "indent") is null ? -1 : (int)Math.Clamp(arguments.Whole(state, 0, "indent", 0), 0, WidestIndent);
        Write(state, value, result, indent, 1);
        return result.ToString();
    }

    private static void Write(RenderState state, object? value, StringBuilder result, int indent, int depth)
    {
        state.Charge(1);
        state.ChargeFor(value);
        state.CheckLength(result.Length);
        if (depth > Deepest) throw state.Error("'tojson' of a value nested too deeply");
        switch (value)
        {
            case null: result.Append("null"); break;
            case bool flag: result.Append(flag ? "true" : "false"); break;
            case long number: result.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: result.Append(double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity" : PythonText.Float(number)); break;
            case string text: WriteString(text, result); break;
            case List<object?> list: WriteAll('[', list, item => Write(state, item, result, indent, depth + 1), ']', result, indent, depth); break;
            case Map map:
                WriteAll('{', map, pair =>
                {
                    WriteString(pair.Key, result);
                    result.Append(": ");
                    Write(state, pair.Value, result, indent, depth + 1);
                }, '}', result, indent, depth);
                break;
            default: throw state.Error($"'tojson' of {Values.Kind(value)} is not supported");
        }
    }

    private static void WriteAll<T>(char open, IReadOnlyCollection<T> items, Action<T> write, char close, StringBuilder result, int indent, int depth)
    {
        result.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first) result.Append(indent < 0 ? ", " : ",");
            first = false;
            NewLine(depth);
            write(item);
        }
        if (items.Count > 0) NewLine(depth - 1);
        result.Append(close);

        void NewLine(int level)
        {
            if (indent >= 0) result.Append('\n').Append(' ', indent * level);
        }
    }

    private static void WriteString(string text, StringBuilder result)
    {
        result.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => result.Append('\\').Append(c),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\b' => result.Append("\\b"),
                '\f' => result.Append("\\f"),
                < ' ' => result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => result.Append(c),
            };
        }
        result.Append('"');
    }
}
