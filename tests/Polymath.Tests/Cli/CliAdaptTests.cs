using System.Text.Json;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary><c>polymath adapt</c>, with and without a model.</summary>
public sealed class CliAdaptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_options_it_learns_an_embedded_task()
    {
        var run = (await CliRun.Of("adapt", "--library", Library)).Ok();
        Assert.Contains("majority", run.Output);
        Assert.Contains("TF-IDF", run.Output);
        Assert.Contains("no --data", run.Error);
        Assert.Contains("no --test", run.Error);
        var predicted = (await CliRun.With("I was charged twice this month\n", default, "predict", "--task", "intent", "--library", Library)).Ok();
        Assert.Contains(predicted.JsonLines[0].GetProperty("label").GetString(), TaskLibrary.Open(Library).Load("intent").Labels);
    }

    [Theory]
    [InlineData("sentiment", "classification"), InlineData("topics", "multi-label"), InlineData("severity", "regression")]
    public async Task An_embedded_task_stands_where_a_file_is_expected(string name, string kind)
    {
        (await CliRun.Of("adapt", "--data", $"embedded:{name}", "--method", "tfidf", "--task", "own", "--library", Library)).Ok();
        var artifact = TaskLibrary.Open(Library).Load("own");
        Assert.Equal(kind, artifact.Kind.Name());
        Assert.Equal(64, artifact.Training!.Data[0].Sha256!.Length);
    }

    [Fact]
    public async Task An_embedded_task_that_is_not_there_is_refused() =>
        (await CliRun.Of("adapt", "--data", "embedded:nothing", "--method", "tfidf", "--task", "own", "--library", Library)).Refused("nothing", "sentiment");

    [Fact]
    public async Task Features_are_learned_measured_and_kept()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var run = (await CliRun.Of("adapt", "--model", model, "--data", TinyModel.WriteRows(_folder["train.csv"], 80), "--task", "mood", "--library", Library, "--json")).Ok();
        var json = run.Json;
        Assert.Equal("mood", json.GetProperty("task").GetString());
        Assert.Equal("features", json.GetProperty("method").GetString());
        Assert.Equal(["minus", "plus"], json.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.True(json.GetProperty("heldOut").GetBoolean());
        Assert.Equal((64, 16, 80), (json.GetProperty("trainRows").GetInt32(), json.GetProperty("testRows").GetInt32(), json.GetProperty("learnedFromRows").GetInt32()));
        JsonElement[] methods = [.. json.GetProperty("methods").EnumerateArray()];
        Assert.Equal(3, methods.Length);
        Assert.Equal("majority", methods[0].GetProperty("method").GetString());
        Assert.All(methods, method => Assert.InRange(method.GetProperty("value").GetDouble(), method.GetProperty("low").GetDouble(), method.GetProperty("high").GetDouble()));
        Assert.Equal(3, methods[2].GetProperty("differenceToTfidf").GetArrayLength());
        Assert.True(json.GetProperty("candidates").GetArrayLength() > 10);
        AssertCamelCase(json);

        var artifact = TaskLibrary.Open(Library).Load("mood");
        Assert.Equal(methods[2].GetProperty("value").GetDouble(), artifact.Metrics["test_accuracy"]);
        Assert.Equal(80, artifact.Training!.Rows);
        Assert.Equal(64, artifact.Training.Data[0].Sha256!.Length);
    }

    [Theory]
    [InlineData("logistic-regression")]
    [InlineData("nearest-mean")]
    [InlineData("lda")]
    [InlineData("gradient")]
    public async Task Every_head_learns_what_the_words_say(string head)
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        string train = TinyModel.WriteRows(_folder["train.csv"], 160), test = TinyModel.WriteRows(_folder["test.csv"], 60, seed: 2);
        var json = (await CliRun.Of("adapt", "--model", model, "--data", train, "--test", test, "--task", "mood", "--library", Library,
            "--layers", "layer0", "--pooling", "mean", "--head", head, "--json")).Ok().Json;
        Assert.False(json.GetProperty("heldOut").GetBoolean());
        Assert.Equal(160, json.GetProperty("learnedFromRows").GetInt32());
        var last = json.GetProperty("methods").EnumerateArray().Last();
        Assert.Contains(head == "logistic-regression" ? "mean layer0, C " : $"mean layer0, {head}", last.GetProperty("method").GetString());
        Assert.DoesNotContain(head == "logistic-regression" ? "logistic" : ", C ", last.GetProperty("method").GetString());
        var accuracy = last.GetProperty("accuracy").GetDouble();
        Assert.True(accuracy > 0.7, $"{head}: {accuracy}");
        var measured = (await CliRun.Of("evaluate", "--task", "mood", "--library", Library, "--data", test, "--json")).Ok().Json;
        Assert.Equal(accuracy, measured.GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task The_same_command_gives_the_same_task_and_another_seed_other_rows_to_measure_on()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var data = TinyModel.WriteRows(_folder["train.csv"], 60);
        async Task<TaskArtifact> Learn(string library, string seed)
        {
            (await CliRun.Of("adapt", "--model", model, "--data", data, "--task", "mood", "--library", _folder[library], "--layers", "top2", "--seed", seed)).Ok();
            return TaskLibrary.Open(_folder[library]).Load("mood");
        }
        var (first, again, other) = (await Learn("a", "3"), await Learn("b", "3"), await Learn("c", "-1"));
        Assert.Equal(first.Metrics, again.Metrics);
        Assert.Equal(first.Arrays.SelectMany(array => array.Values), again.Arrays.SelectMany(array => array.Values));
        Assert.Equal((3, -1), (first.Training!.Seed, other.Training!.Seed));
        Assert.NotEqual(first.Metrics, other.Metrics);
    }

    [Fact]
    public async Task Label_names_need_no_rows()
    {
        var model = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts());
        var test = _folder["test.csv"];
        File.WriteAllLines(test, ["text,label", .. Enumerable.Range(0, 20).Select(i => $"{TinyModel.Words[60 + i]},{(i % 2 == 0 ? "good" : "bad")}")]);
        var json = (await CliRun.Of("adapt", "--model", model, "--method", "label-names", "--labels", "good, bad", "--test", test, "--task", "names", "--library", Library, "--json")).Ok().Json;
        Assert.Equal("label-names", json.GetProperty("method").GetString());
        Assert.Equal((0, 20), (json.GetProperty("trainRows").GetInt32(), json.GetProperty("testRows").GetInt32()));
        // A text that is a label's own description is nearest to it.
        var run = (await CliRun.With("bad\ngood\n", default, "predict", "--task", "names", "--library", Library, "--format", "lines")).Ok();
        Assert.Equal(["bad", "good"], run.JsonLines.Select(line => line.GetProperty("label").GetString()));
        (await CliRun.Of("adapt", "--model", model, "--method", "label-names", "--task", "x", "--library", Library)).Refused("--labels");
        (await CliRun.Of("adapt", "--model", model, "--method", "label-names", "--labels", "one", "--task", "x", "--library", Library)).Refused("two");
        (await CliRun.Of("adapt", "--model", model, "--method", "label-names", "--labels", "a,b", "--data", test, "--task", "x", "--library", Library)).Refused("--data", "label-names");
    }

    [Fact]
    public async Task Rows_come_from_a_pipe_as_well()
    {
        var text = File.ReadAllText(TinyModel.WriteRows(_folder["train.csv"], 40));
        (await CliRun.With(text, default, "adapt", "--data", "-", "--task", "mood", "--library", Library)).Ok();
        var record = Assert.Single(TaskLibrary.Open(Library).Load("mood").Training!.Data);
        Assert.Equal(("-", null, 40), (record.Name, record.Sha256, record.Rows));
    }

    [Fact]
    public async Task A_task_is_read_in_the_number_format_that_it_learned_in()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var data = TinyModel.WriteRows(_folder["train.csv"], 40);
        string[] predict = ["predict", "--task", "mood", "--library", Library, "--data", data];
        (await CliRun.Of("adapt", "--model", model, "--data", data, "--task", "mood", "--library", Library, "--layers", "last", "--precision", "bf16", "--threads", "1")).Ok();
        Assert.Equal("bf16", TaskLibrary.Open(Library).Load("mood").Precision);
        var left = (await CliRun.Of(predict)).Ok().Output;
        Assert.Equal((await CliRun.Of([.. predict, "--precision", "bf16"])).Ok().Output, left);
        Assert.NotEqual((await CliRun.Of([.. predict, "--precision", "float32"])).Ok().Output, left);
        (await CliRun.Of([.. predict, "--precision", "auto", "--device", "cpu", "--no-store"])).Ok();
    }

    [Fact]
    public async Task Rows_that_stand_in_training_and_test_are_said()
    {
        var data = TinyModel.WriteRows(_folder["train.csv"], 40);
        var run = (await CliRun.Of("adapt", "--data", data, "--test", data, "--task", "mood", "--library", Library)).Ok();
        Assert.Contains("40 of 40 test rows stand in the training rows", run.Error);
    }

    [Fact]
    public async Task The_metric_is_the_one_asked_for()
    {
        var data = TinyModel.WriteRows(_folder["train.csv"], 60);
        var json = (await CliRun.Of("adapt", "--data", data, "--task", "mood", "--library", Library, "--metric", "macro-f1", "--json")).Ok().Json;
        Assert.Equal("macro-f1", json.GetProperty("metric").GetString());
        Assert.All(json.GetProperty("methods").EnumerateArray(), method => Assert.Equal(method.GetProperty("macroF1").GetDouble(), method.GetProperty("value").GetDouble(), 12));
        (await CliRun.Of("adapt", "--data", data, "--task", "mood", "--library", Library, "--metric", "beauty")).Refused("beauty", "macro-f1");
    }

    /// <summary>Every key at every depth, except names that come from the data.</summary>
    private static void AssertCamelCase(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object)
            foreach (var field in json.EnumerateObject())
            {
                Assert.Matches("^[a-z][a-zA-Z0-9]*$", field.Name);
                AssertCamelCase(field.Value);
            }
        else if (json.ValueKind == JsonValueKind.Array) foreach (var item in json.EnumerateArray()) AssertCamelCase(item);
    }
}
