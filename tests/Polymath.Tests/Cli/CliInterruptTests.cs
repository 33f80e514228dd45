using System.Diagnostics;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Ctrl-C on the real process, in the middle of a long adaptation.</summary>
public class CliInterruptTests
{
    [Fact]
    public async Task Ctrl_C_leaves_with_130_and_everything_consistent()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder["model"], "bert-mlm");
        var data = TinyModel.WriteRows(folder["train.csv"], 60_000);
        string library = folder["library"], store = folder["store.db"];
        (await CliRun.Of("adapt", "--data", TinyModel.WriteRows(folder["small.csv"], 40), "--task", "first", "--library", library)).Ok();

        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.FileName = Environment.ProcessPath!;
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "Polymath.Cli.dll"), "adapt", "--model", model, "--data", data, "--task", "second", "--library", library, "--store", store })
            start.ArgumentList.Add(argument);
        start.Environment["POLYMATH_HOME"] = folder["home"];
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            var waited = Stopwatch.StartNew();
            while (!process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60) && !(File.Exists(store + "-wal") && new FileInfo(store + "-wal").Length > 200_000)) await Task.Delay(50);
            if (process.HasExited) Assert.Fail($"ended by itself: {await error}");
            Assert.SkipWhen(IgnoresInterrupt(process.Id), "this process ignores SIGINT (it was started in the background), and so do its children");
            Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
        Assert.Equal((130, ""), (process.ExitCode, await output));
        Assert.EndsWith("polymath: stopped; what was finished is kept\n", await error);

        Assert.Equal("first", Assert.Single(TaskLibrary.Open(library).Tasks).Name);
        (await CliRun.With("good day\n", default, "predict", "--task", "first", "--library", library)).Ok();
        using (FeatureStore.Open(store)) { }
        // What was computed is found again.
        var lines = File.ReadLines(data).Take(2001).ToArray();
        File.WriteAllLines(folder["begin.csv"], lines);
        var again = (await CliRun.Of("features", "--model", model, "--data", folder["begin.csv"], "--layers", "last", "--pooling", "mean", "--out", folder["x.npy"], "--store", store, "--json")).Ok().Json;
        Assert.True(again.GetProperty("stored").GetInt32() > 0, again.ToString());
    }

    /// <summary>Whether a process was started with SIGINT ignored, which a shell does for what runs in its background.</summary>
    private static bool IgnoresInterrupt(int process) => OperatingSystem.IsLinux() && File.ReadLines($"/proc/{process}/status")
        .FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } mask && (Convert.ToUInt64(mask[7..].Trim(), 16) & 2) != 0;
}
