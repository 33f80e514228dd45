using System.Globalization;
using System.Text;

namespace Polymath.Text.Chat;

/// <summary>String literals with Python's escapes.</summary>
internal static class TemplateString
{
    /// <summary>Reads the literal that starts at a quote and moves behind it; null where it is not closed.</summary>
    internal static string? Read(string text, ref int at)
    {
        var quote = text[at];
        var result = new StringBuilder();
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] == quote)
            {
                at = i + 1;
                // An escape can make half a surrogate pair.
                return Surrogates.Repair(result.ToString());
            }
            if (text[i] == '\\' && i + 1 < text.Length) i = Escape(text, i + 1, result);
            else result.Append(text[i]);
        }
        return null;
    }

    /// <summary>Writes what the escape at a place stands for and gives its last position; an unknown one stands for itself.</summary>
    private static int Escape(string text, int at, StringBuilder result)
    {
        var simple = text[at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', 'v' => '\v', 'a' => '\a', '\\' or '\'' or '"' => text[at], _ => '\0' };
        if (simple != '\0')
        {
            result.Append(simple);
            return at;
        }
        if (text[at] == '\n') return at;
        var digits = text[at] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && at + digits < text.Length && int.TryParse(text.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 0x10FFFF)
        {
            if (value > 0xFFFF) result.Append(char.ConvertFromUtf32(value));
            else result.Append((char)value);
            return at + digits;
        }
        if (text[at] is >= '0' and <= '7')
        {
            var (octal, end) = (0, at);
            for (; end < text.Length && end < at + 3 && text[end] is >= '0' and <= '7'; end++) octal = 8 * octal + text[end] - '0';
            result.Append((char)octal);
            return end - 1;
        }
        result.Append('\\').Append(text[at]);
        return at;
    }
}
