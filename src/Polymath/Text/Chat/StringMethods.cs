namespace Polymath.Text.Chat;

/// <summary>Python's methods of strings, as far as templates use them.</summary>
internal static class StringMethods
{
    /// <summary>A method bound to its string; null where there is none of that name.</summary>
    internal static Function? Find(string text, string name)
    {
        if (Known(text, name) is not { } method) return null;
        return (state, arguments) =>
        {
            state.Charge(text.Length / 8);
            return method(state, arguments);
        };
    }

    internal static string Title(string text) => string.Concat(text.Select((c, i) => i > 0 && char.IsLetter(text[i - 1]) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));

    internal static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    internal static string Replace(RenderState state, string text, string old, string by, long most)
    {
        var pieces = old.Length == 0 ? throw state.Error("a replacement of the empty string is not supported") : Cut(state, text, old, most, fromRight: false);
        state.CheckLength(text.Length + (pieces.Count - 1) * (long)by.Length);
        var replaced = string.Join(by, pieces);
        state.ChargeFor(replaced);
        return replaced;
    }

    private static Function? Known(string text, string name) => name switch
    {
        "strip" => (state, a) => PythonText.Strip(text, a.Text(state, 0, "chars"), left: true, right: true),
        "lstrip" => (state, a) => PythonText.Strip(text, a.Text(state, 0, "chars"), left: true, right: false),
        "rstrip" => (state, a) => PythonText.Strip(text, a.Text(state, 0, "chars"), left: false, right: true),
        "startswith" => (state, a) => Any(state, a, part => text.StartsWith(part, StringComparison.Ordinal)),
        "endswith" => (state, a) => Any(state, a, part => text.EndsWith(part, StringComparison.Ordinal)),
        "removeprefix" => (state, a) => a.NeedText(state, 0, "prefix") is var part && text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text,
        "removesuffix" => (state, a) => a.NeedText(state, 0, "suffix") is var part && text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text,
        "split" => (state, a) => Split(state, text, a, fromRight: false),
        "rsplit" => (state, a) => Split(state, text, a, fromRight: true),
        "splitlines" => (state, _) => Lines(state, text),
        "replace" => (state, a) => Replace(state, text, a.NeedText(state, 0, "old"), a.NeedText(state, 1, "new"), a.Whole(state, 2, "count", -1)),
        "find" => (state, a) => PythonText.Position(text, text.IndexOf(Sought(state, text, a), StringComparison.Ordinal)),
        "rfind" => (state, a) => PythonText.Position(text, text.LastIndexOf(Sought(state, text, a), StringComparison.Ordinal)),
        "count" => (state, a) => (long)Cut(state, text, a.NeedText(state, 0, "sub"), -1, fromRight: false).Count - 1,
        "join" => (state, a) => Filters.Join(state, Values.Items(state, a.Get(0, "iterable")), text),
        "upper" => (_, _) => text.ToUpperInvariant(),
        "lower" => (_, _) => text.ToLowerInvariant(),
        "title" => (_, _) => Title(text),
        "capitalize" => (_, _) => Capitalize(text),
        "isdigit" => (_, _) => text.Length > 0 && text.All(char.IsDigit),
        "isalpha" => (_, _) => text.Length > 0 && text.All(char.IsLetter),
        "isalnum" => (_, _) => text.Length > 0 && text.All(char.IsLetterOrDigit),
        "isspace" => (_, _) => text.Length > 0 && text.All(PythonText.IsSpace),
        _ => null,
    };

    /// <summary>One string, or a list of which one must do.</summary>
    private static bool Any(RenderState state, Arguments arguments, Func<string, bool> holds) => arguments.Get(0, "prefix") is List<object?> list
        ? list.Any(item => item is string part && holds(part))
        : holds(arguments.NeedText(state, 0, "prefix"));

    private static string Sought(RenderState state, string text, Arguments arguments)
    {
        var part = arguments.NeedText(state, 0, "sub");
        state.ChargeSearch(text, part);
        return part;
    }

    private static List<object?> Split(RenderState state, string text, Arguments arguments, bool fromRight)
    {
        state.Charge(text.Length);
        var most = arguments.Whole(state, 1, "maxsplit", -1);
        if (arguments.Text(state, 0, "sep") is { } separator) return [.. Cut(state, text, separator, most, fromRight)];
        if (fromRight && most >= 0) throw state.Error("'rsplit' with a limit but without a separator is not supported");
        return [.. PythonText.Words(text, most)];
    }

    private static List<string> Cut(RenderState state, string text, string separator, long most, bool fromRight)
    {
        if (separator.Length == 0) throw state.Error("an empty separator is not supported");
        state.ChargeSearch(text, separator);
        var pieces = new List<string>();
        var (from, to) = (0, text.Length);
        while (most < 0 || pieces.Count < most)
        {
            state.Charge(1);
            var at = fromRight ? text.AsSpan(0, to).LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, from, StringComparison.Ordinal);
            if (at < 0) break;
            pieces.Add(fromRight ? text[(at + separator.Length)..to] : text[from..at]);
            if (fromRight) to = at;
            else from = at + separator.Length;
        }
        pieces.Add(text[from..to]);
        if (fromRight) pieces.Reverse();
        return pieces;
    }

    private static List<object?> Lines(RenderState state, string text)
    {
        state.Charge(text.Length);
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r', '\v', '\f', '\x1C', '\x1D', '\x1E', '\x85', '\u2028', '\u2029').ToList<object?>();
        if (lines[^1] is "") lines.RemoveAt(lines.Count - 1);
        return lines;
    }
}
