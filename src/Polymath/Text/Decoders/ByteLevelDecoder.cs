using Polymath.Text.PreTokenizers;

namespace Polymath.Text.Decoders;

/// <summary>Reads byte letters back as UTF-8; what is not valid becomes U+FFFD by maximal subparts. A token with other letters stands for itself.</summary>
internal sealed class ByteLevelDecoder : Decoder
{
    internal override List<string> Apply(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (token.All(c => ByteLevelAlphabet.Byte(c) >= 0)) bytes.AddRange(token.Select(c => (byte)ByteLevelAlphabet.Byte(c)));
            else bytes.AddRange(System.Text.Encoding.UTF8.GetBytes(token));
        }
        return [System.Text.Encoding.UTF8.GetString([.. bytes])];
    }
}
