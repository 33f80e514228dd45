using System.Text;
using System.Text.Json;

namespace Polymath.Tests;

/// <summary>What one command line gave.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CliRun(int Code, string Output, string Error)
{
    /// <summary>Lines of standard output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard output as one JSON value.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Standard output as a JSON value a line.</summary>
    public JsonElement[] JsonLines => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Runs a command line in process; the user's cache folder is not touched.</summary>
    public static Task<CliRun> Of(params string[] args) => With(null, default, args);

    /// <summary>Runs a command line with standard input and a way to stop it.</summary>
    public static async Task<CliRun> With(string? input, CancellationToken cancellation, params string[] args)
    {
        using var home = new TemporaryFolder();
        var before = Environment.GetEnvironmentVariable("POLYMATH_HOME");
        Environment.SetEnvironmentVariable("POLYMATH_HOME", home.Path);
        try
        {
            using var output = new StringWriter();
            using var error = new StringWriter();
            var code = await Polymath.Cli.Program.RunAsync(args, new MemoryStream(Encoding.UTF8.GetBytes(input ?? "")), output, error, cancellation);
            return new CliRun(code, output.ToString(), error.ToString());
        }
        finally
        {
            Environment.SetEnvironmentVariable("POLYMATH_HOME", before);
        }
    }

    /// <summary>The run succeeded.</summary>
    public CliRun Ok()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return this;
    }

    /// <summary>The run ended with exit code 2 and one line on standard error that holds these words, and with nothing else.</summary>
    public CliRun Refused(params string[] words)
    {
        Assert.True(Code == 2, $"exit code {Code}: {Error}{Output}");
        Assert.True(Error.TrimEnd('\n').Split('\n') is [var line] && line.StartsWith("polymath: ", StringComparison.Ordinal), $"not one line: {Error}");
        Assert.All(words, word => Assert.Contains(word, Error));
        return this;
    }
}
