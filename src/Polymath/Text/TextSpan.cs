namespace Polymath.Text;

/// <summary>A range of a string in UTF-16 positions, <paramref name="End"/> not included.</summary>
/// <param name="Start">The first position.</param>
/// <param name="End">The position after the last.</param>
public readonly record struct TextSpan(int Start, int End)
{
    /// <summary>How many UTF-16 units the range holds.</summary>
    public int Length => End - Start;
}
