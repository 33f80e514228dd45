namespace Polymath.Tests;

/// <summary><c>polymath tasks</c>: the library as its user sees it.</summary>
public sealed class CliTasksTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tasks_are_listed_shown_removed_and_pruned()
    {
        string[] library = ["--library", _folder["library"]];
        var data = TinyModel.WriteRows(_folder["train.csv"], 40);
        foreach (var name in new[] { "one", "two" }) (await CliRun.Of(["adapt", "--data", data, "--task", name, .. library])).Ok();
        var json = (await CliRun.Of(["tasks", "list", "--json", .. library])).Ok().Json;
        Assert.Equal(["one", "two"], json.EnumerateArray().Select(task => task.GetProperty("name").GetString()));
        Assert.Equal(40, json[0].GetProperty("rows").GetInt32());
        Assert.Contains("two", (await CliRun.Of(["tasks", "list", .. library])).Ok().Output);
        var shown = (await CliRun.Of(["tasks", "show", "two", .. library])).Ok().Json;
        Assert.Equal("two", shown.GetProperty("name").GetString());

        (await CliRun.Of(["tasks", "remove", "one", .. library])).Ok();
        Assert.Equal("two", Assert.Single((await CliRun.Of(["tasks", "list", "--json", .. library])).Ok().Json.EnumerateArray()).GetProperty("name").GetString());
        (await CliRun.Of(["tasks", "show", "one", .. library])).Refused("one");
        (await CliRun.Of(["tasks", "remove", "one", .. library])).Refused("one");
        (await CliRun.Of(["predict", "--task", "one", .. library])).Refused("one");

        Assert.Contains("removed 2 generations", (await CliRun.Of(["tasks", "prune", "--keep", "1", .. library])).Ok().Output);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_folder["library"], "generations"), "generation.json", SearchOption.AllDirectories));
        (await CliRun.With("good day\n", default, ["predict", "--task", "two", .. library])).Ok();
    }

    [Fact]
    public async Task A_library_that_is_not_there_is_empty()
    {
        var run = (await CliRun.Of("tasks", "list", "--library", _folder["none"])).Ok();
        Assert.Equal("", run.Output);
        Assert.Contains("no tasks yet", run.Error);
        Assert.Equal("[]\n", (await CliRun.Of("tasks", "list", "--json", "--library", _folder["none"])).Ok().Output);
        Assert.False(Directory.Exists(_folder["none"]));
        (await CliRun.Of("tasks", "prune", "--keep", "0", "--library", _folder["none"])).Refused("--keep 0");
    }
}
