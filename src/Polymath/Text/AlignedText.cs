namespace Polymath.Text;

/// <summary>
/// Text on its way through the normalizer and the pre-tokenizer: UTF-16 units, and for each the range of the original string that it
/// came from. Both units of a surrogate pair carry the same range. There are no lone surrogates in it.
/// </summary>
internal sealed class AlignedText
{
    /// <summary>The longest text that is taken. Normalizers can make text longer, and one from a hostile file must not fill the memory.</summary>
    private const int Longest = 1 << 25;

    private char[] _chars;
    private int[] _starts;
    private int[] _ends;

    internal AlignedText(int capacity)
    {
        Check(capacity);
        _chars = new char[capacity];
        _starts = new int[capacity];
        _ends = new int[capacity];
    }

    /// <summary>A part of the original string, from <paramref name="start"/> to <paramref name="end"/>, each character aligned with itself.</summary>
    internal static AlignedText Of(string original, int start, int end)
    {
        var text = new AlignedText(end - start) { Length = end - start };
        original.CopyTo(start, text._chars, 0, end - start);
        for (var i = 0; i < text.Length; i++)
        {
            text._starts[i] = start + i;
            text._ends[i] = start + i + 1;
            if (!char.IsSurrogate(text._chars[i])) continue;
            if (char.IsHighSurrogate(text._chars[i])) text._ends[i]++;
            else text._starts[i]--;
        }
        return text;
    }

    internal int Length { get; private set; }

    internal ReadOnlySpan<char> Chars => _chars.AsSpan(0, Length);

    internal ReadOnlySpan<char> Slice(int start, int end) => _chars.AsSpan(start, end - start);

    internal int StartOf(int index) => _starts[index];

    internal int EndOf(int index) => _ends[index];

    /// <summary>The original range behind the units from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal TextSpan Original(int start, int end)
    {
        if (start < end) return new TextSpan(_starts[start], _ends[end - 1]);
        var at = start < Length ? _starts[start] : Length > 0 ? _ends[Length - 1] : 0;
        return new TextSpan(at, at);
    }

    internal char this[int index]
    {
        get => _chars[index];
        set => _chars[index] = value;
    }

    /// <summary>The code point at a position.</summary>
    internal int CodePointAt(int index) => CodePointAt(Chars, index);

    internal static int CodePointAt(ReadOnlySpan<char> chars, int index)
    {
        var c = chars[index];
        return char.IsHighSurrogate(c) && index + 1 < chars.Length && char.IsLowSurrogate(chars[index + 1])
            ? char.ConvertToUtf32(c, chars[index + 1])
            : c;
    }

    internal static int Width(int codePoint) => codePoint > 0xFFFF ? 2 : 1;

    /// <summary>Adds one UTF-16 unit.</summary>
    internal void Add(char c, int start, int end)
    {
        if (Length == _chars.Length) Grow();
        _chars[Length] = c;
        _starts[Length] = start;
        _ends[Length++] = end;
    }

    /// <summary>Adds one code point.</summary>
    internal void Add(int codePoint, int start, int end)
    {
        if (codePoint <= 0xFFFF)
        {
            Add((char)codePoint, start, end);
            return;
        }
        Add((char)(0xD800 + ((codePoint - 0x10000) >> 10)), start, end);
        Add((char)(0xDC00 + (codePoint & 0x3FF)), start, end);
    }

    /// <summary>Adds a part of another text with its alignment.</summary>
    internal void Add(AlignedText other, int start, int end)
    {
        while (Length + (end - start) > _chars.Length) Grow();
        other._chars.AsSpan(start, end - start).CopyTo(_chars.AsSpan(Length));
        other._starts.AsSpan(start, end - start).CopyTo(_starts.AsSpan(Length));
        other._ends.AsSpan(start, end - start).CopyTo(_ends.AsSpan(Length));
        Length += end - start;
    }

    /// <summary>Adds a string, all of it aligned with one range.</summary>
    internal void Add(string text, int start, int end)
    {
        foreach (var c in text) Add(c, start, end);
    }

    /// <summary>
    /// Rewrites the text as the reference does. Each step is a code point and a change: 0 stands for the next character, -n stands for the
    /// next one and swallows n more (only the first gives the range), +1 is inserted and takes the range of the character before it.
    /// </summary>
    internal AlignedText Rewritten(List<(int CodePoint, int Change)> steps)
    {
        var result = new AlignedText(Length + 8);
        var at = 0;
        var (start, end) = (0, 0);
        foreach (var (codePoint, change) in steps)
        {
            if (change <= 0 && at < Length)
            {
                (start, end) = (_starts[at], _ends[at]);
                for (var passed = 0; passed <= -change && at < Length; passed++) at += Width(CodePointAt(at));
                result.Add(codePoint, start, end);
                if (change < 0) (start, end) = (_starts[at - 1], _ends[at - 1]);
            }
            else
            {
                result.Add(codePoint, start, end);
            }
        }
        return result;
    }

    /// <exception cref="PolymathException">The text would be too long.</exception>
    internal static void Check(long length)
    {
        if (length > Longest) throw new PolymathException($"a text has or grows to more than {Longest} characters while it is normalized; split it, or mend the tokenizer file that blows it up.");
    }

    private void Grow()
    {
        Check(Length);
        var size = Math.Max(16, _chars.Length * 2);
        Array.Resize(ref _chars, size);
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
    }
}
