namespace Polymath.Cli.Common;

/// <summary>Where a command reads and writes.</summary>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress, notes and errors.</param>
internal sealed record Streams(Stream Input, TextWriter Output, TextWriter Error);

/// <summary>What a command leaves with.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    /// <summary>A check failed, or something unforeseen happened.</summary>
    public const int Failed = 1;
    /// <summary>Something that the user can put right: an option, a file, a model.</summary>
    public const int BadInput = 2;
    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Interrupted = 130;
}
