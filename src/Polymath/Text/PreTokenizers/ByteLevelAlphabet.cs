namespace Polymath.Text.PreTokenizers;

/// <summary>GPT-2's reversible spelling of bytes as printable characters: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up.</summary>
internal static class ByteLevelAlphabet
{
    /// <summary>How a space looks in a byte-level token.</summary>
    internal const char Space = 'Ġ';

    private static readonly char[] OfByte = Build();
    private static readonly short[] OfChar = Invert();

    internal static char Letter(byte value) => OfByte[value];

    /// <summary>The byte that a letter stands for, or -1.</summary>
    internal static int Byte(char letter) => letter < OfChar.Length ? OfChar[letter] : -1;

    private static char[] Build()
    {
        var letters = new char[256];
        var next = (char)256;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            letters[b] = printable ? (char)b : next++;
        }
        return letters;
    }

    private static short[] Invert()
    {
        var bytes = new short[512];
        Array.Fill(bytes, (short)-1);
        for (var b = 0; b < 256; b++) bytes[OfByte[b]] = (short)b;
        return bytes;
    }
}
