namespace Polymath.Tests;

/// <summary>Help, mistyped commands, exit codes.</summary>
public class CliHelpTests
{
    [Theory]
    [InlineData("study", 3)]
    [InlineData("adapt", 4)]
    [InlineData("predict", 3)]
    [InlineData("evaluate", 2)]
    [InlineData("features", 2)]
    [InlineData("search", 1)]
    [InlineData("tokenize", 2)]
    [InlineData("models", 2)]
    [InlineData("models show", 1)]
    [InlineData("models check", 2)]
    [InlineData("tasks", 3)]
    [InlineData("tasks list", 1)]
    [InlineData("tasks show", 1)]
    [InlineData("tasks remove", 1)]
    [InlineData("tasks prune", 1)]
    [InlineData("export", 1)]
    public async Task Help_of_every_verb_ends_with_examples(string verb, int least)
    {
        var run = (await CliRun.Of([.. verb.Split(' '), "--help"])).Ok();
        Assert.Contains($"polymath {verb} ", run.Output);
        Assert.DoesNotContain("Polymath.Cli", run.Output);
        string[] examples = [.. run.Lines.SkipWhile(line => line != "Examples:").Skip(1)];
        Assert.True(examples.Length >= least, run.Output);
        Assert.All(examples, example => Assert.Contains("polymath " + verb, example));
        Assert.All(run.Lines, line => Assert.False(line.StartsWith("  --", StringComparison.Ordinal) && line.Trim().Split("  ", 2).Length < 2, $"an option without a description: {line}"));
    }

    [Theory]
    [InlineData("", "command")]
    [InlineData("nosuchverb", "nosuchverb")]
    [InlineData("adapt --nosuchoption", "--nosuchoption")]
    [InlineData("adapt --threads x", "'x'", "whole number")]
    [InlineData("adapt --threads 0", "--threads 0", "at least 1")]
    [InlineData("adapt --max-tokens 0", "--max-tokens 0")]
    [InlineData("adapt --method magic", "magic", "label-names")]
    [InlineData("adapt --head big", "big", "lda")]
    [InlineData("adapt --precision int3", "int3", "bf16")]
    [InlineData("adapt --device cuda", "cuda", "cpu")]
    [InlineData("adapt --pooling sum", "sum", "mean")]
    [InlineData("adapt --delimiter ab --task x --data x.csv", "'ab'", "one character")]
    [InlineData("adapt --delimiter \" --task x --data x.csv", "one character")]
    [InlineData("predict --top 0", "--top 0")]
    [InlineData("predict --threshold much", "'much'", "a number")]
    [InlineData("evaluate", "--data")]
    [InlineData("features --data x.csv --clusters 1 --out y.npy", "--clusters 1")]
    [InlineData("tasks", "command")]
    [InlineData("adapt --data x.csv", "--task")]
    [InlineData("adapt --task a/b", "a/b", "letters")]
    [InlineData("adapt --method tfidf --layers top2", "--layers", "features")]
    [InlineData("adapt --model m --data x.csv --task t --layers best", "best", "top2")]
    [InlineData("predict", "--model")]
    public async Task A_mistyped_command_line_is_one_line_and_exit_code_2(string line, params string[] words) =>
        (await CliRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Refused(words);

    [Fact]
    public async Task A_run_that_is_stopped_leaves_with_130()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var run = await CliRun.With(null, stop.Token, "adapt", "--library", folder["library"]);
        Assert.Equal((130, ""), (run.Code, run.Output));
        Assert.Contains("stopped", run.Error);
        Assert.False(Directory.Exists(folder["library"]));
    }
}
