using System.Diagnostics;

namespace Polymath.Tests;

/// <summary>Runs programs as a user would at a prompt: own working folder, no standard input, nothing inherited from the test run.</summary>
internal static class DotnetCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly string[] NotInherited = ["MSBuildLoadMicrosoftTargetsReadOnly", "MSBUILDNOINPROCNODE", "MSBuildSDKsPath", "DOTNET_CLI_UI_LANGUAGE"];

    /// <summary>Runs <c>dotnet</c> with the arguments and gives its standard output.</summary>
    public static Task<string> Dotnet(string folder, params string[] arguments) =>
        Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, arguments);

    /// <summary>Runs a program to its end; an exit code other than 0 or five minutes without an end fail the test with everything it wrote.</summary>
    public static async Task<string> Run(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in NotInherited) start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // no build server may outlive the test
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Limit);
        try { await process.WaitForExitAsync(limit.Token); }
        catch (OperationCanceledException) { process.Kill(entireProcessTree: true); }
        var (said, complained) = (await output, await errors);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{said}\n{complained}");
        return said;
    }
}
