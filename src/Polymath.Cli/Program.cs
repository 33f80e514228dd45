using System.CommandLine;
using System.CommandLine.Invocation;
using Polymath.Cli.Common;
using Polymath.Cli.Verbs;

namespace Polymath.Cli;

/// <summary>The <c>polymath</c> command: one verb a file, results on stdout, progress and messages on stderr.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => RunAsync(args, Console.OpenStandardInput(), Console.Out, Console.Error);

    /// <summary>Runs one command line; tests call this in process.</summary>
    internal static async Task<int> RunAsync(string[] args, Stream input, TextWriter output, TextWriter error, CancellationToken cancellation = default)
    {
        var streams = new Streams(input, output, error);
        var root = new RootCommand("Teach one pre-trained transformer many tasks, and keep it from forgetting them.")
        {
            StudyVerb.Create(streams), AdaptVerb.Create(streams), PredictVerb.Create(streams), EvaluateVerb.Create(streams), FeaturesVerb.Create(streams),
            SearchVerb.Create(streams), TokenizeVerb.Create(streams), ModelsVerb.Create(streams), TasksVerb.Create(streams), ExportVerb.Create(streams), DistillVerb.Create(streams), AskVerb.Create(streams), GenerateVerb.Create(streams),
        };
        ExamplesHelp.Install(root, output);
        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            await error.WriteLineAsync($"polymath: {ParseErrors.InWords(parsed)}").ConfigureAwait(false);
            return ExitCodes.BadInput;
        }
        var configuration = new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = TimeSpan.FromSeconds(30), EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(configuration, cancellation).ConfigureAwait(false);
    }
}
