using System.Globalization;
using System.Text;
using Polymath.Text.Unicode;

namespace Polymath.Text.Patterns;

/// <summary>
/// Text as a .NET regular expression must see it to give the reference's answers: one UTF-16 unit for each code point, and where .NET
/// would put a character into another class (its tables are older or newer, and it knows no classes beyond U+FFFF), a stand-in of the
/// right class. ASCII text is its own view.
/// </summary>
internal readonly ref struct RegexView
{
    private readonly int[]? _positions;

    internal RegexView(ReadOnlySpan<char> text)
    {
        Chars = text;
        if (!text.ContainsAnyExceptInRange('\0', '\x7F')) return;
        var view = new char[text.Length];
        var positions = new int[text.Length + 1];
        var count = 0;
        for (var i = 0; i < text.Length; count++)
        {
            var c = AlignedText.CodePointAt(text, i);
            view[count] = Unit(c);
            positions[count] = i;
            i += AlignedText.Width(c);
        }
        positions[count] = text.Length;
        Chars = view.AsSpan(0, count);
        _positions = positions;
    }

    internal ReadOnlySpan<char> Chars { get; }

    /// <summary>The position in the text that a position in the view stands for.</summary>
    internal int Position(int index) => _positions is null ? index : _positions[index];

    private static char Unit(int c)
    {
        if (c < 0x80) return (char)c;
        var kind = CodePointSet.Of(c);
        var category = Rune.GetUnicodeCategory(new Rune(c));
        if ((kind & CodePointClass.WhiteSpace) != 0) return c <= 0xFFFF && char.IsWhiteSpace((char)c) ? (char)c : '\u2003';
        if ((kind & CodePointClass.Letter) != 0) return category <= UnicodeCategory.OtherLetter ? Unit(c, category) : 'ꀀ';
        if ((kind & CodePointClass.RegexNumber) != 0)
            return category is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber ? Unit(c, category) : '\u0BF0';
        var wrong = category <= UnicodeCategory.OtherLetter || category is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.SpaceSeparator;
        return wrong ? '\uFFFC' : Unit(c, category);
    }

    private static char Unit(int c, UnicodeCategory category) => c <= 0xFFFF ? (char)c : category switch
    {
        UnicodeCategory.UppercaseLetter => 'Ꞑ',
        UnicodeCategory.LowercaseLetter => 'ꞑ',
        UnicodeCategory.ModifierLetter => 'ꟸ',
        UnicodeCategory.OtherLetter => 'ꀀ',
        UnicodeCategory.NonSpacingMark => '\uA802',
        UnicodeCategory.SpacingCombiningMark => '\uA880',
        UnicodeCategory.DecimalDigitNumber => '\uA8D0',
        UnicodeCategory.LetterNumber => '\uA6E6',
        UnicodeCategory.OtherNumber => '\u0BF0',
        UnicodeCategory.DashPunctuation => '\u2E3A',
        UnicodeCategory.OtherPunctuation => '\uA4FE',
        UnicodeCategory.MathSymbol => '\u2A00',
        UnicodeCategory.CurrencySymbol => '\uA838',
        UnicodeCategory.ModifierSymbol => '\uA700',
        UnicodeCategory.Format => '\u2060',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.OtherNotAssigned => '\uFDD0',
        _ => '\uFFFC',
    };
}
