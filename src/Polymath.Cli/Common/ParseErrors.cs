using System.CommandLine;

namespace Polymath.Cli.Common;

/// <summary>What is wrong with a command line, in one line.</summary>
internal static class ParseErrors
{
    private const string Expected = " as expected type '";

    /// <summary>The first fault, and where to read on.</summary>
    public static string InWords(ParseResult parsed)
    {
        var messages = parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ").TrimEnd('.')).ToArray();
        // A mistyped verb is also reported as a missing one, which says less.
        var message = parsed.UnmatchedTokens is [var stray, ..] ? messages.FirstOrDefault(text => text.Contains(stray, StringComparison.Ordinal)) ?? messages[0] : messages[0];
        // The parser names the .NET type, which tells a user nothing.
        if (message.IndexOf(Expected, StringComparison.Ordinal) is >= 0 and var at) message = $"{message[..at]}: expected {Kind(message[(at + Expected.Length)..])}";
        return $"{message}; see {Path(parsed.CommandResult.Command)} --help";
    }

    private static string Kind(string type) => type switch
    {
        _ when type.Contains("Int", StringComparison.Ordinal) => "a whole number",
        _ when type.Contains("Double", StringComparison.Ordinal) => "a number",
        _ when type.Contains("Boolean", StringComparison.Ordinal) => "true or false",
        _ => "another value",
    };

    private static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : "polymath";
}
