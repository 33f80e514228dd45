using System.CommandLine;

namespace Polymath.Cli.Common;

/// <summary>What all verbs share: help with examples, and one place where errors become a line and an exit code.</summary>
internal static class Verb
{
    /// <summary>A verb whose help ends with examples.</summary>
    public static Command Create(string name, string description, params ReadOnlySpan<string> examples)
    {
        var command = new Command(name, description);
        ExamplesHelp.Add(command, examples.ToArray());
        return command;
    }

    /// <summary>A verb that only holds others.</summary>
    public static Command Group(string name, string description, string[] examples, params ReadOnlySpan<Command> verbs)
    {
        var command = Create(name, description, examples);
        foreach (var verb in verbs) command.Add(verb);
        return command;
    }

    /// <summary>Sets what a verb does.</summary>
    public static void Runs(this Command command, Streams streams, Func<ParseResult, CancellationToken, Task<int>> run) =>
        command.SetAction(async (result, cancellation) =>
        {
            try { return await run(result, cancellation).ConfigureAwait(false); }
            catch (PolymathException error) { return Say(streams, error.Message, ExitCodes.BadInput); }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { return Say(streams, "stopped; what was finished is kept", ExitCodes.Interrupted); }
            catch (IOException error) when (error.HResult == 32 || error.InnerException?.HResult == 32) { return ExitCodes.Ok; } // the reader of our output went away (EPIPE)
            catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return Say(streams, Native.Disk.FirstLine(error), ExitCodes.BadInput); }
            catch (Exception error) when (NativeFailure(error) is { } line) { return Say(streams, line, ExitCodes.BadInput); }
            catch (Exception error) { return Say(streams, $"unexpected {error.GetType().Name}: {Native.Disk.FirstLine(error)}\n{error.StackTrace}", ExitCodes.Failed); }
        });

    /// <summary>Adds options and arguments.</summary>
    public static void Takes(this Command command, params ReadOnlySpan<Symbol> symbols)
    {
        foreach (var symbol in symbols)
            if (symbol is Option option) command.Add(option);
            else command.Add((Argument)symbol);
    }

    /// <summary>An option that takes numbers from a least one on.</summary>
    public static Option<T> AtLeast<T>(this Option<T> option, long least)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && long.TryParse(token.Value, out var number) && number < least) result.AddError($"{option.Name} {token.Value}: expected at least {least}");
        });
        return option;
    }

    /// <summary>Whether an option stands on the command line.</summary>
    public static bool IsGiven(this ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static int Say(Streams streams, string line, int code)
    {
        streams.Error.WriteLine($"polymath: {line}");
        return code;
    }

    /// <summary>libtorch could not be loaded: one line that says what to do.</summary>
    private static string? NativeFailure(Exception error)
    {
        for (Exception? at = error; at is not null; at = at.InnerException)
            if (at is DllNotFoundException or BadImageFormatException || (at is NotSupportedException && at.Message.Contains("libtorch", StringComparison.OrdinalIgnoreCase)))
                return $"the native library libtorch cannot be loaded on this system ({Native.Disk.FirstLine(at)}); it needs 64-bit Linux with glibc 2.34 or newer, Windows, or macOS on ARM";
        return null;
    }
}
