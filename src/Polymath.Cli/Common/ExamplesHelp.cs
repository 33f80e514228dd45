using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Polymath.Cli.Common;

/// <summary>The usual help, and below it the examples of the verb that was asked about.</summary>
internal sealed class ExamplesHelp(HelpAction usual, TextWriter output) : SynchronousCommandLineAction
{
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<Command, string[]> Examples = [];

    /// <summary>Replaces the help action of a root command.</summary>
    public static void Install(RootCommand root, TextWriter output)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
            if (option.Action is HelpAction usual) option.Action = new ExamplesHelp(usual, output);
    }

    /// <summary>Remembers a verb's examples.</summary>
    public static void Add(Command command, string[] examples) => Examples.Add(command, examples);

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        // The usual help calls the program by the name of its file.
        using var text = new StringWriter();
        parseResult.InvocationConfiguration.Output = text;
        var code = usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        output.Write(text.ToString().Replace($"  {RootCommand.ExecutableName} ", "  polymath ", StringComparison.Ordinal));
        if (!Examples.TryGetValue(parseResult.CommandResult.Command, out var examples)) return code;
        output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        return code;
    }
}
