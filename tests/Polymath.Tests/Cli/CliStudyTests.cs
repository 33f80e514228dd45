using System.Text.Json;

namespace Polymath.Tests;

/// <summary><c>polymath study</c> on small data.</summary>
public sealed class CliStudyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Out => _folder["report"];

    [Fact]
    public async Task Own_data_with_a_model_gives_a_report_and_a_second_run_computes_nothing()
    {
        var model = TinyModel.Write(_folder["model"]);
        string train = TinyModel.WriteRows(_folder["mood.csv"], 80), test = TinyModel.WriteRows(_folder["test.csv"], 40, seed: 2);
        string[] line = ["study", "--model", model, "--data", train, "--test", test, "--sizes", "8,all", "--methods", "majority,tfidf,nearest-mean,features", "--out", Out];
        var run = (await CliRun.Of(line)).Ok();
        Assert.Contains("* mood: ", run.Output);
        Assert.Contains("plan: mood, 120 rows, one of 2 classes: majority, tfidf, nearest-mean, features", run.Error);
        Assert.Contains("4 layers probed", run.Error);
        Assert.Contains("12 cells computed, 0 found", run.Error); // four methods at two sizes, four layers
        Assert.Contains("<!DOCTYPE html>", File.ReadAllText(Path.Combine(Out, "report.html")));

        var json = (await CliRun.Of([.. line, "--json"])).Ok();
        Assert.Contains("0 cells computed, 12 found", json.Error);
        var task = json.Json.GetProperty("tasks")[0];
        Assert.Equal(4, task.GetProperty("methods").GetArrayLength());
        Assert.Equal(4, task.GetProperty("layers").GetArrayLength());
        Assert.Contains(task.GetProperty("recommended").GetString(), task.GetProperty("methods").EnumerateArray().Select(method => method.GetProperty("method").GetString()));
        Assert.Equal(40, task.GetProperty("methods")[0].GetProperty("measuredRows").GetInt32());
        using var kept = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "results.json")));
        Assert.Equal(task.GetProperty("hash").GetString(), kept.RootElement.GetProperty("tasks")[0].GetProperty("hash").GetString());
    }

    [Fact]
    public async Task Methods_that_need_no_model_run_without_one()
    {
        var run = (await CliRun.Of("study", "--data", TinyModel.WriteRows(_folder["mood.csv"], 60), "--methods", "majority,tfidf", "--sizes", "all", "--out", Out)).Ok();
        Assert.Contains("plan: mood, 60 rows, one of 2 classes: majority, tfidf at all; 5 splits", run.Error);
        Assert.Contains("TF-IDF", run.Output);
        Assert.Contains("60 rows, 5 folds", run.Output);
    }

    [Fact]
    public async Task Methods_that_train_the_network_stand_beside_the_others()
    {
        var model = TinyModel.Write(_folder["model"]);
        string train = TinyModel.WriteRows(_folder["mood.csv"], 60), test = TinyModel.WriteRows(_folder["test.csv"], 20, seed: 2);
        var json = (await CliRun.Of("study", "--model", model, "--data", train, "--test", test, "--sizes", "4,all", "--methods", "majority,contrastive,fine-tuning", "--out", Out, "--json")).Ok().Json;
        var methods = json.GetProperty("tasks")[0].GetProperty("methods").EnumerateArray().ToArray();
        Assert.Equal(["majority", "contrastive", "fine-tuning"], methods.Select(method => method.GetProperty("method").GetString()));
        Assert.Equal([60, 8, 60], methods.Select(method => method.GetProperty("trainRows").GetInt32()));
        Assert.All(methods[1..], method => Assert.True(method.GetProperty("trainedParameters").GetInt64() > 10_000));
    }

    [Fact]
    public async Task Every_embedded_task_is_planned_and_measured_without_a_model()
    {
        var json = (await CliRun.Of("study", "--methods", "majority", "--out", Out, "--json")).Ok().Json;
        var tasks = json.GetProperty("tasks").EnumerateArray().ToArray();
        Assert.Equal(["intent", "sentiment", "duplicates", "topics", "severity", "spans"], tasks.Select(task => task.GetProperty("task").GetString()));
        Assert.All(tasks, task => Assert.True(task.GetProperty("rows").GetInt32() >= 200));
        Assert.All(tasks, task => Assert.Equal("majority", task.GetProperty("recommended").GetString()));
    }

    [Fact]
    public async Task The_plan_alone_runs_nothing()
    {
        var run = (await CliRun.Of("study", "--data", TinyModel.WriteRows(_folder["mood.csv"], 60), "--methods", "tfidf", "--out", Out, "--plan")).Ok();
        Assert.Equal("", run.Output);
        Assert.Contains("cells, about", run.Error);
        Assert.False(File.Exists(Path.Combine(Out, "report.html")));
    }

    [Fact]
    public async Task Stopped_it_leaves_with_130()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var run = await CliRun.With(null, stop.Token, "study", "--data", TinyModel.WriteRows(_folder["mood.csv"], 60), "--out", Out);
        Assert.Equal((130, ""), (run.Code, run.Output));
    }

    [Theory]
    [InlineData("--data nowhere.csv", "nowhere.csv")]
    [InlineData("--methods magic", "magic", "tfidf")]
    [InlineData("--tasks nothing", "nothing", "embedded")]
    [InlineData("--sizes lots", "lots", "25%")]
    [InlineData("--test x.csv", "--test", "--data")]
    [InlineData("--folds 1", "--folds 1")]
    [InlineData("--data x.csv --tasks y", "exclude")]
    public async Task Mistakes_are_one_line_and_exit_code_2(string line, params string[] words) =>
        (await CliRun.Of(["study", "--out", Out, .. line.Split(' ')])).Refused(words);

    [Theory]
    [InlineData("text,label\n", "no rows")]
    [InlineData("words,number\na,1\n", "words")]
    [InlineData("text,label\na,x\nb,x\nc,x\n", "two classes")]
    [InlineData("text,label\na,x\nb,\n", "label")]
    [InlineData("text,label\na,x\nb,y\n", "folds")]
    public async Task Data_that_cannot_be_studied_is_refused(string content, string word)
    {
        File.WriteAllText(_folder["data.csv"], content);
        (await CliRun.Of("study", "--data", _folder["data.csv"], "--out", Out)).Refused(word);
    }

    [Fact]
    public async Task A_folder_that_is_a_file_is_refused()
    {
        File.WriteAllText(_folder["file"], "");
        (await CliRun.Of("study", "--out", _folder["file"])).Refused("--out");
    }
}
