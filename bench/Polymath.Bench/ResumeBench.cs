using System.Globalization;
using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Kills a process (SIGKILL) at random steps of a fine-tuning, starts it again until it is through, and compares the weights with those of an
/// uninterrupted run; counts the steps that had to be done again.
/// </summary>
internal static class ResumeBench
{
    private const string Rows = "trec";

    public static int Run(string[] args)
    {
        var kills = Timing.Number(args, "--kills", 20);
        Timing.Announce($"resume: a fine-tuning of a tiny network, killed at {kills} random steps");
        using var folder = new TemporaryFolder();
        TinyModel.Write(folder["model"]);
        var (expected, total, _) = Child(folder.Path, "whole", killAt: long.MaxValue);
        var random = new SeededRandom((ulong)Timing.Number(args, "--seed", 1));
        int failures = 0;
        long mostRedone = 0;
        for (var kill = 1; kill <= kills; kill++)
        {
            var at = 1 + random.Next((int)total - 1);
            var (_, reached, _) = Child(folder.Path, $"killed{kill}", at);
            var (hash, _, first) = Child(folder.Path, $"killed{kill}", long.MaxValue);
            var redone = reached - (first - 1);
            mostRedone = Math.Max(mostRedone, redone);
            if (hash == expected) continue;
            Console.WriteLine($"FAIL kill at step {at}: other weights");
            failures++;
        }
        Console.WriteLine($"{kills} kills in {total} steps: at most {mostRedone} steps done again, {failures} runs ended with other bits   load {Timing.Load()}");
        return failures == 0 ? 0 : 1;
    }

    /// <summary>The process that is killed: trains, says each step, and the hash of the weights at the end.</summary>
    public static int RunChild(string[] args)
    {
        var folder = Timing.Option(args, "--folder", "");
        using var backbone = Backbone.Load(Path.Combine(folder, "model"));
        using var task = backbone.FineTune("task", LabelledRows.From(Sentences.Of(Rows, "train").Take(800)), new FineTuningOptions
        {
            Epochs = 8,
            BatchRows = 8,
            Dropout = 0.1,
            ValidationShare = 0.1,
            CheckpointFolder = Path.Combine(folder, Timing.Option(args, "--state", "")),
        }, progress: new Steps());
        Console.WriteLine($"hash {task.Artifact.Weights!.Hash}");
        return 0;
    }

    /// <summary>Runs the process, kills it when it says a step, and tells the hash it ended with, the last step it said and the first.</summary>
    private static (string? Hash, long Last, long First) Child(string folder, string state, long killAt)
    {
        using var child = Timing.Start("resume-child", "--folder", folder, "--state", state);
        string? hash = null;
        long last = 0, first = 0;
        while (child.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith("hash ", StringComparison.Ordinal)) hash = line[5..];
            if (!line.StartsWith("step ", StringComparison.Ordinal)) continue;
            last = long.Parse(line.AsSpan(5), CultureInfo.InvariantCulture);
            if (first == 0) first = last;
            if (last < killAt) continue;
            child.Kill();
            killAt = long.MaxValue;
        }
        child.WaitForExit();
        return (hash, last, first);
    }

    private sealed class Steps : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Stage == "training") Console.WriteLine($"step {value.Done}");
        }
    }
}
