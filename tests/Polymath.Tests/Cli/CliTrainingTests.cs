using System.Text.Json;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>adapt with methods that train the network.</summary>
public sealed class CliTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CliTrainingTests() => Model = TinyModel.Write(_folder["model"]);

    private string Model { get; }

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Fine_tuning_learns_measures_saves_and_predicts()
    {
        string train = Write("train.csv", 90, 1), test = Write("test.csv", 30, 2);
        var adapted = await Adapt("fine-tuning", train, "--test", test, "--learning-rate", "1e-3", "--epochs", "6", "--batch", "8", "--json");
        JsonElement[] methods = [.. adapted.Json.GetProperty("methods").EnumerateArray()];
        Assert.Equal(["majority", "TF-IDF", "fine-tuning, 6 epochs, rate 1e-3"], methods.Select(m => m.GetProperty("method").GetString()!.Split(", C ")[0]));
        Assert.Equal("fine-tuning", adapted.Json.GetProperty("method").GetString());
        Assert.True(methods[2].GetProperty("accuracy").GetDouble() > 0.8, adapted.Output);
        var measured = await CliRun.Of("evaluate", "--task", "kind", "--library", Library, "--data", test, "--json");
        Assert.Equal(methods[2].GetProperty("accuracy").GetDouble(), measured.Json.GetProperty("accuracy").GetDouble());
        var predicted = await CliRun.Of("predict", "--task", "kind", "--library", Library, "--data", test);
        Assert.Equal(30, predicted.JsonLines.Length);
        Assert.False(Directory.Exists(Path.Combine(Library, ".training", "kind")));
    }

    [Fact]
    public async Task The_search_looks_at_training_rows_only_and_says_what_it_tried()
    {
        var adapted = await Adapt("fine-tuning", Write("train.csv", 90, 1), "--tune", "--learning-rate", "1e-3", "--epochs", "1", "--batch", "8");
        Assert.Equal(3, adapted.Error.Split('\n').Count(line => line.StartsWith("tried: learning rate", StringComparison.Ordinal)));
        var record = Artifact().Training!;
        Assert.Equal(90, record.Rows); // the task that is kept learns from all rows
        Assert.Contains(record.Options["learning_rate"], new[] { "3e-4", "1e-3", "3e-3" });
    }

    [Fact]
    public async Task Several_seeds_are_measured_and_the_best_by_validation_is_kept()
    {
        var adapted = await Adapt("fine-tuning", Write("train.csv", 90, 1), "--test", Write("test.csv", 30, 2), "--seeds", "3", "--validation-share", "0.2", "--epochs", "2", "--batch", "8", "--learning-rate", "1e-3");
        foreach (var seed in new[] { "seed 1", "seed 2" }) Assert.Contains(seed, adapted.Output);
        Assert.InRange(Artifact().Training!.Seed, 0, 2);
    }

    [Fact]
    public async Task Contrastive_training_and_the_other_ways_to_train()
    {
        var train = Write("train.csv", 30, 1);
        var adapted = await Adapt("contrastive", train, "--pairs-per-row", "10", "--learning-rate", "3e-4");
        Assert.Contains("contrastive, 240 pairs", adapted.Output); // 24 of the 30 rows; a fifth is held out
        Assert.Equal("300", Artifact().Training!.Options["pairs"]);
        await Adapt("fine-tuning", train, "--epochs", "1", "--layer-decay", "0.8", "--unfreeze-every", "0.5", "--dropout", "0.1", "--label-smoothing", "0.1", "--balanced", "--accumulate", "2",
            "--cold-head", "--schedule", "cosine", "--clip", "0", "--warm-up", "0", "--weight-decay", "0.1", "--validation", Write("validation.csv", 12, 3), "--patience", "1");
        Assert.Equal(("cosine", "zeros", "0.8"), (Artifact().Training!.Options["schedule"], Artifact().Training!.Options["head_start"], Artifact().Training!.Options["layer_decay"]));
    }

    [Fact]
    public async Task A_stopped_run_goes_on_where_it_stood()
    {
        string[] call = ["adapt", "--model", Model, "--method", "fine-tuning", "--data", Write("train.csv", 240, 1), "--task", "kind", "--library", Library, "--epochs", "40", "--batch", "4"];
        using var source = new CancellationTokenSource();
        var run = CliRun.With(null, source.Token, call);
        var state = Path.Combine(Library, ".training", "kind");
        while (!run.IsCompleted && !(Directory.Exists(state) && Directory.EnumerateFiles(state, "*.safetensors").Any())) await Task.Delay(5);
        source.Cancel();
        var stopped = await run;
        Assert.Equal(130, stopped.Code);
        Assert.Empty(TaskLibrary.Open(Library).Tasks);
        Assert.True(Directory.EnumerateFiles(state, "*.safetensors").Any());
    }

    [Fact]
    public async Task Options_of_another_method_are_refused()
    {
        var train = Write("train.csv", 30, 1);
        (await Refuse("features", train, "--learning-rate", "1e-3")).Refused("--learning-rate", "fine-tuning and contrastive");
        (await Refuse("contrastive", train, "--epochs", "3")).Refused("--epochs", "fine-tuning");
        (await Refuse("fine-tuning", train, "--layers", "last")).Refused("--layers", "features");
        (await Refuse("fine-tuning", train, "--pairs-per-row", "3")).Refused("--pairs-per-row", "contrastive");
        (await Refuse("fine-tuning", train, "--learning-rate", "7")).Refused("learning rate 7", "1e-4");
        var kept = await Refuse("fine-tuning", train, "--keep-head");
        Assert.Equal(2, kept.Code);
        Assert.Contains("no classification head that could be kept", kept.Error, StringComparison.Ordinal);
        (await Refuse("contrastive", train, "--validation", train)).Refused("--validation", "fine-tuning");
    }

    private TaskArtifact Artifact()
    {
        using var library = TaskLibrary.Open(Library);
        return library.Load("kind");
    }

    private async Task<CliRun> Adapt(string method, string data, params string[] more)
    {
        var run = await CliRun.Of(["adapt", "--model", Model, "--method", method, "--data", data, "--task", "kind", "--library", Library, .. more]);
        return run.Ok();
    }

    private Task<CliRun> Refuse(string method, string data, params string[] more) =>
        CliRun.Of(["adapt", "--model", Model, "--method", method, "--data", data, "--task", "kind", "--library", Library, .. more]);

    private string Write(string name, int rows, ulong seed)
    {
        File.WriteAllLines(_folder[name], ["text,label", .. FeatureExtractionTests.Rows(rows, seed).Select(row => $"{row.Text},{row.Label}")]);
        return _folder[name];
    }
}
