using System.Diagnostics;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Real processes on one library: this test program starts itself again, and the environment tells the copy what to do.</summary>
public class TaskLibraryProcessTests
{
    private const string Folder = "POLYMATH_TEST_LIBRARY", Name = "POLYMATH_TEST_WRITER";

    [Fact]
    public void Two_processes_that_write_at_once_both_get_their_tasks_in()
    {
        if (Environment.GetEnvironmentVariable(Name) is { } name)
        {
            using var own = TaskLibrary.Open(Environment.GetEnvironmentVariable(Folder)!, writerPatience: TimeSpan.FromMinutes(1));
            for (var i = 0; i < 5; i++) own.Save(TestTasks.Make($"{name}{i}", i));
            return;
        }
        using var folder = new TemporaryFolder();
        using var first = Start(nameof(Two_processes_that_write_at_once_both_get_their_tasks_in), folder.Path, "p");
        using var second = Start(nameof(Two_processes_that_write_at_once_both_get_their_tasks_in), folder.Path, "q");
        Assert.True(first.WaitForExit(60_000) && second.WaitForExit(60_000));
        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Equal("p0=0 p1=1 p2=2 p3=3 p4=4 q0=0 q1=1 q2=2 q3=3 q4=4", TaskLibraryFaultTests.State(folder.Path));
    }

    [Fact]
    public void A_process_killed_at_any_moment_leaves_a_library_that_loads_and_can_be_written()
    {
        if (Environment.GetEnvironmentVariable(Name) is { } name)
        {
            using var own = TaskLibrary.Open(Environment.GetEnvironmentVariable(Folder)!, writerPatience: TimeSpan.FromMinutes(1));
            // It is killed long before; should the parent be gone, it ends by itself.
            var running = Stopwatch.StartNew();
            for (var i = 0; running.Elapsed < TimeSpan.FromMinutes(1); i++)
            {
                own.Save(TestTasks.Make($"{name}{i % 3}", i), TestTasks.Make("always", i));
                if (i % 3 == 2) own.Remove($"{name}{i % 3}");
                if (i % 2 == 1) own.Prune(2);
            }
            return;
        }
        using var folder = new TemporaryFolder();
        var random = new Random(11);
        var saved = 0;
        for (var kill = 0; kill < 10; kill++)
        {
            using (var writer = Start(nameof(A_process_killed_at_any_moment_leaves_a_library_that_loads_and_can_be_written), folder.Path, $"k{kill}-"))
            {
                var before = Generation(folder.Path);
                for (var waited = Stopwatch.StartNew(); Generation(folder.Path) == before;)
                {
                    Assert.True(waited.Elapsed < TimeSpan.FromMinutes(1) && !writer.HasExited, "the writer has not written");
                    Thread.Sleep(5);
                }
                Thread.Sleep(random.Next(60));
                writer.Kill();
                writer.WaitForExit();
            }
            Assert.Contains("always=", TaskLibraryFaultTests.State(folder.Path), StringComparison.Ordinal);
            using var library = TaskLibrary.Open(folder.Path);
            library.Save(TestTasks.Make($"parent{kill}", saved++));
            foreach (var generation in TaskLibrary.GenerationsIn(folder.Path))
                using (var view = TaskLibrary.OpenGeneration(folder.Path, generation)) Assert.All(view.Tasks, task => view.Load(task.Name));
        }
        Assert.Contains("parent0=0 parent1=1 parent2=2 parent3=3 parent4=4 parent5=5 parent6=6 parent7=7 parent8=8 parent9=9", TaskLibraryFaultTests.State(folder.Path), StringComparison.Ordinal);
    }

    private static int Generation(string folder)
    {
        using var library = TaskLibrary.Open(folder);
        return library.Generation;
    }

    private static Process Start(string test, string folder, string name)
    {
        var host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet") start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Polymath.Tests.dll"));
        start.ArgumentList.Add("-method");
        start.ArgumentList.Add($"{typeof(TaskLibraryProcessTests).FullName}.{test}");
        start.Environment[Folder] = folder;
        start.Environment[Name] = name;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
