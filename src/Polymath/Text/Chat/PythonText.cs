using System.Globalization;
using System.Text;

namespace Polymath.Text.Chat;

/// <summary>Strings and numbers the way Python sees them: positions count code points, white space includes U+001C to U+001F, values have a spelling.</summary>
internal static class PythonText
{
    internal static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';

    /// <summary>The length without white space at the end.</summary>
    internal static int TrimmedEnd(ReadOnlySpan<char> text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return end;
    }

    /// <summary>Takes white space, or any of the given characters, off either end.</summary>
    internal static string Strip(string text, string? characters, bool left, bool right)
    {
        bool Unwanted(char c) => characters is null ? IsSpace(c) : characters.Contains(c);
        var (start, end) = (0, text.Length);
        while (left && start < end && Unwanted(text[start])) start++;
        while (right && end > start && Unwanted(text[end - 1])) end--;
        return text[start..end];
    }

    internal static int Length(string text)
    {
        var length = text.Length;
        foreach (var c in text)
        {
            if (char.IsLowSurrogate(c)) length--;
        }
        return length;
    }

    /// <summary>Its characters, one code point each.</summary>
    internal static List<object?> Characters(string text)
    {
        var list = new List<object?>(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var width = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
            list.Add(text.Substring(i, width));
            i += width;
        }
        return list;
    }

    /// <summary>The code point position of a UTF-16 position; -1 stays.</summary>
    internal static long Position(string text, int at) => at < 0 ? at : Length(text[..at]);

    /// <summary>Words between white space, at most <paramref name="most"/> cuts from the left (below 0: all).</summary>
    internal static List<string> Words(string text, long most)
    {
        var words = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && IsSpace(text[at])) at++;
            if (at == text.Length) return words;
            var start = at;
            if (most >= 0 && words.Count >= most)
            {
                words.Add(text[start..TrimmedEnd(text)]);
                return words;
            }
            while (at < text.Length && !IsSpace(text[at])) at++;
            words.Add(text[start..at]);
        }
    }

    /// <summary>A float as Python spells it.</summary>
    internal static string Float(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        // The shortest digits that give the value back, laid out by Python's rule: without an exponent from 1e-4 to 1e16.
        var parts = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal) is >= 0 and var found ? found : parts[0].Length;
        var all = parts[0].Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        point += (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - (all.Length - digits.Length);
        var sign = double.IsNegative(value) ? "-" : "";
        if (digits.Length == 0) return sign + "0.0";
        if (point is < -3 or > 16)
            return sign + digits[..1] + (digits.Length > 1 ? "." + digits[1..] : "") + (point > 0 ? "e+" : "e-") + Math.Abs(point - 1).ToString("00", CultureInfo.InvariantCulture);
        if (point <= 0) return sign + "0." + new string('0', -point) + digits;
        return sign + (point >= digits.Length ? digits.PadRight(point, '0') + ".0" : digits[..point] + "." + digits[point..]);
    }

    /// <summary>A string as Python's repr spells it.</summary>
    internal static string Quoted(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (var c in text)
        {
            if (c == quote || c == '\\') result.Append('\\').Append(c);
            else if (c == '\n') result.Append("\\n");
            else if (c == '\r') result.Append("\\r");
            else if (c == '\t') result.Append("\\t");
            else if (c < ' ' || c is >= '\x7F' and <= '\xA0' or '\xAD') result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else result.Append(c);
        }
        return result.Append(quote).ToString();
    }
}
