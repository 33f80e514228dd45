using Polymath.Adaptation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Scope;

namespace Polymath.Tests;

/// <summary>Out-of-scope detection and the scalar mix from the command line and in the library.</summary>
public sealed class CliOutOfScopeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_task_learns_to_say_none_of_these()
    {
        var model = TinyModel.Write(_folder["model"]);
        string train = TinyModel.WriteRows(_folder["train.csv"], 80), test = TinyModel.WriteRows(_folder["test.csv"], 40, seed: 2), strange = Strange();
        var json = (await CliRun.Of("adapt", "--model", model, "--data", train, "--task", "mood", "--library", Library, "--layers", "layer0", "--out-of-scope", "--keep-rate", "0.9", "--json")).Ok().Json.GetProperty("outOfScope");
        Assert.Equal(("probability+nearest-row", 0.9, 80), (json.GetProperty("score").GetString(), json.GetProperty("keepRate").GetDouble(), json.GetProperty("rows").GetInt32()));
        var predicted = (await CliRun.Of("predict", "--task", "mood", "--library", Library, "--data", test)).Ok().JsonLines;
        Assert.All(predicted, line => Assert.Equal(line.GetProperty("scope_score").GetDouble() >= json.GetProperty("threshold").GetDouble(), line.GetProperty("in_scope").GetBoolean()));
        var measured = (await CliRun.Of("evaluate", "--task", "mood", "--library", Library, "--data", test, "--out-of-scope", strange, "--json")).Ok().Json.GetProperty("outOfScope");
        Assert.Equal(predicted.Count(line => line.GetProperty("in_scope").GetBoolean()) / 40.0, measured.GetProperty("kept").GetDouble(), 12);
        Assert.True(measured.GetProperty("auroc").GetDouble() > 0.9, $"{measured}");
        Assert.Equal(20, measured.GetProperty("rows").GetInt32());
        Assert.Contains("AUROC", (await CliRun.Of("evaluate", "--task", "mood", "--library", Library, "--data", test, "--out-of-scope", strange)).Ok().Output);
    }

    [Theory]
    [InlineData("logistic-regression")]
    [InlineData("nearest-mean")]
    [InlineData("lda")]
    [InlineData("gradient")]
    public async Task Every_head_keeps_the_asked_share_of_validation_rows(string head)
    {
        var model = TinyModel.Write(_folder["model"]);
        string train = TinyModel.WriteRows(_folder["train.csv"], 60), held = TinyModel.WriteRows(_folder["held.csv"], 50, seed: 4);
        string[] adapt = ["adapt", "--model", model, "--data", train, "--test", held, "--task", "mood", "--library", Library, "--layers", "last", "--head", head, "--out-of-scope"];
        var run = (await CliRun.Of([.. adapt, "--validation", held, "--scope-score", "logit+class-distance"])).Ok();
        Assert.Contains("keeps 95.0", run.Output);
        var predicted = (await CliRun.Of("predict", "--task", "mood", "--library", Library, "--data", held)).Ok().JsonLines;
        Assert.Equal(48, predicted.Count(line => line.GetProperty("in_scope").GetBoolean())); // 95 % of 50 is 47.5
        (await CliRun.Of(adapt)).Ok(); // threshold by cross-fitting
    }

    [Fact]
    public async Task Words_alone_have_logits_too()
    {
        var train = TinyModel.WriteRows(_folder["train.csv"], 60);
        (await CliRun.Of("adapt", "--method", "tfidf", "--data", train, "--task", "mood", "--library", Library, "--out-of-scope")).Ok();
        Assert.Equal("probability", TaskLibrary.Open(Library).Load("mood").OutOfScope!.Score);
        Assert.All((await CliRun.Of("predict", "--task", "mood", "--library", Library, "--data", train)).Ok().JsonLines, line => line.GetProperty("in_scope").GetBoolean());
        (await CliRun.Of("adapt", "--method", "tfidf", "--data", train, "--task", "mood", "--library", Library, "--out-of-scope", "--scope-score", "nearest-row")).Refused("nearest-row", "--model");
        (await CliRun.Of("adapt", "--method", "tfidf", "--data", train, "--task", "mood", "--library", Library, "--out-of-scope", "--keep-rate", "1")).Refused("--keep-rate");
        (await CliRun.Of("adapt", "--method", "tfidf", "--data", train, "--task", "mood", "--library", Library, "--keep-rate", "0.9")).Refused("--keep-rate", "--out-of-scope");
        (await CliRun.Of("adapt", "--method", "tfidf", "--data", train, "--task", "mood", "--library", Library, "--out-of-scope", "--scope-score", "luck")).Refused("luck", "probability");
        (await CliRun.Of("adapt", "--model", "x", "--method", "fine-tuning", "--data", train, "--task", "mood", "--library", Library, "--out-of-scope")).Refused("--validation", "fine-tuning");
        (await CliRun.Of("adapt", "--data", train, "--task", "plain", "--library", Library)).Ok();
        (await CliRun.Of("evaluate", "--task", "plain", "--library", Library, "--data", train, "--out-of-scope", train)).Refused("plain", "--out-of-scope");
    }

    [Fact]
    public async Task A_mix_of_layers_is_learned_shown_and_kept()
    {
        var model = TinyModel.Write(_folder["model"]);
        string train = TinyModel.WriteRows(_folder["train.csv"], 80), test = TinyModel.WriteRows(_folder["test.csv"], 40, seed: 2);
        var json = (await CliRun.Of("adapt", "--model", model, "--data", train, "--test", test, "--task", "mood", "--library", Library, "--layers", "scalar-mix", "--json")).Ok().Json;
        double[] shares = [.. json.GetProperty("layerShares").EnumerateArray().Select(share => share.GetDouble())];
        Assert.Equal(TinyModel.Layers + 1, shares.Length);
        Assert.Equal(1, shares.Sum(), 5);
        var artifact = TaskLibrary.Open(Library).Load("mood");
        Assert.StartsWith("mix:", artifact.Layers);
        Assert.Equal(4, artifact.Training!.Options["layer_shares"].Split(',').Length);
        var accuracy = json.GetProperty("methods").EnumerateArray().Last().GetProperty("accuracy").GetDouble();
        Assert.Equal(accuracy, (await CliRun.Of("evaluate", "--task", "mood", "--library", Library, "--data", test, "--json")).Ok().Json.GetProperty("accuracy").GetDouble());
        // Without a test file the mix that the training part taught is kept for all rows.
        var run = (await CliRun.Of("adapt", "--model", model, "--data", train, "--task", "mood", "--library", Library, "--layers", "scalar-mix")).Ok();
        Assert.Contains("layer mix: layer 0", run.Output);
        Assert.Contains("layer_scale", TaskLibrary.Open(Library).Load("mood").Training!.Options.Keys);
    }

    [Fact]
    public void A_detector_comes_back_with_its_task_and_must_fit_it()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        var data = LabelledRows.From(DataFile.Open(TinyModel.WriteRows(_folder["train.csv"], 40), new DataOptions { LabelRequired = true }).ReadAll());
        var task = FeatureExtraction.ExtractFeatures(backbone, "mood", data, new FeatureExtractionOptions { Layers = LayerMix.Last }).WithOutOfScope(data, options: new OutOfScopeOptions { KeepRate = 0.8 });
        task.Save(Library);
        var again = LearnedTask.Load(Library, "mood", backbone);
        Assert.Equal(task.ScoreScope(data.Rows), again.ScoreScope(data.Rows));
        Assert.Equal(task.Predict(data.Rows).Select(p => p.InScope), again.Predict(data.Rows).Select(p => p.InScope));
        Assert.Equal(task.Artifact.Arrays.Count, task.WithOutOfScope(data).Artifact.Arrays.Count); // replaced, not added
        var plain = FeatureExtraction.ExtractFeatures(backbone, "mood", data, new FeatureExtractionOptions { Layers = LayerMix.ConcatOfTop(2) }).Artifact;
        var mixed = plain with { OutOfScope = task.Artifact.OutOfScope, Arrays = [.. plain.Arrays, .. task.Scope!.Arrays] };
        Assert.Contains("wide", Assert.Throws<PolymathException>(() => LearnedTask.Restore(mixed, backbone)).Message);
        Assert.Contains("missing", Assert.Throws<PolymathException>(() => LearnedTask.Restore(plain with { OutOfScope = task.Artifact.OutOfScope }, backbone)).Message);
    }

    private string Strange()
    {
        File.WriteAllLines(_folder["strange.csv"], ["text,label", .. Enumerable.Range(0, 20).Select(i => $"{TinyModel.Words[8 + i % 3]} {TinyModel.Words[11 + i]} {TinyModel.Words[12 + i]},none")]);
        return _folder["strange.csv"];
    }
}
