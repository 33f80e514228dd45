using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Cli.Verbs;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Tasks that write texts on the command line.</summary>
public sealed class CliGenerateTaskTests
{
    private static string Data(TemporaryFolder folder, string name, string header, int rows, ulong seed)
    {
        File.WriteAllLines(folder[name], [header, .. SmallWriters.Rows(rows, seed, least: 2, most: 4).Select(row => $"{row.Text},{row.Label}")]);
        return folder[name];
    }

    [Fact]
    public async Task ATaskIsLearnedAsksMeasuresAndIsListed()
    {
        using var folder = new TemporaryFolder();
        string model = SmallWriters.Write(folder["model"], "t5", width: 32), library = folder["library"];
        var adapted = (await CliRun.Of("adapt", "--kind", "generate", "--model", model, "--data", Data(folder, "train.csv", "source,target", 60, 1), "--task", "reverse", "--library", library,
            "--epochs", "2", "--batch", "16", "--learning-rate", "2e-3", "--beams", "2", "--json")).Ok();
        Assert.Equal(("generate", 48, 12, 60, 5), (adapted.Json.GetProperty("kind").GetString(), adapted.Json.GetProperty("trainRows").GetInt32(), adapted.Json.GetProperty("testRows").GetInt32(),
            adapted.Json.GetProperty("learnedFromRows").GetInt32(), adapted.Json.GetProperty("maxNewTokens").GetInt32()));
        Assert.Equal(["copy of the input", "commonest answer", "fine-tuning"], adapted.Json.GetProperty("methods").EnumerateArray().Select(m => m.GetProperty("method").GetString()));
        Assert.InRange(adapted.Json.GetProperty("methods")[2].GetProperty("measures").GetProperty("perplexity").GetDouble(), 1, 16);
        Assert.False(Directory.Exists(Path.Combine(library, ".training", "reverse")));

        var predicted = (await CliRun.With("a b c\nd e\n", default, "predict", "--task", "reverse", "--library", library, "--format", "lines")).Ok();
        Assert.Equal(2, predicted.JsonLines.Length);
        foreach (var line in predicted.JsonLines)
        {
            Assert.Contains(line.GetProperty("end").GetString(), new[] { "end-token", "length" });
            Assert.InRange(line.GetProperty("tokens").GetInt32(), 1, 5);
            Assert.True(line.GetProperty("score").GetDouble() < 0);
            Assert.NotNull(line.GetProperty("output").GetString());
        }
        Assert.Equal("d e", predicted.JsonLines[1].GetProperty("input").GetProperty("text").GetString());
        var beams = (await CliRun.With("a b c\n", default, "predict", "--task", "reverse", "--library", library, "--format", "lines", "--beams", "3", "--max-new-tokens", "2")).Ok();
        Assert.InRange(beams.JsonLines[0].GetProperty("tokens").GetInt32(), 1, 2);

        var measured = (await CliRun.Of("evaluate", "--task", "reverse", "--library", library, "--data", Data(folder, "test.csv", "input,output", 20, 9), "--json")).Ok();
        foreach (var key in new[] { "exactMatch", "rougeL", "chrf" }) Assert.InRange(measured.Json.GetProperty(key).GetDouble(), 0, 1);
        Assert.InRange(measured.Json.GetProperty("perplexity").GetDouble(), 1, 16);
        Assert.Contains("generate", (await CliRun.Of("tasks", "list", "--library", library)).Ok().Output, StringComparison.Ordinal);
        (await CliRun.Of("export", "--task", "reverse", "--library", library, "--out", folder["out"])).Refused("generate");
        (await CliRun.Of("adapt", "--extend", "reverse", "--library", library, "--data", folder["train.csv"])).Refused("writes texts");
        (await CliRun.With("a\n", default, "predict", "--task", "reverse", "--library", library, "--top", "2")).Refused("--top");
        (await CliRun.With("a\n", default, "predict", "--task", "reverse", "--library", library, "--format", "lines", "--temperature", "1")).Refused("beam");
    }

    [Fact]
    public async Task ALongTestRowIsMeasuredAndTheTaskSaved()
    {
        using var folder = new TemporaryFolder();
        string model = SmallWriters.Write(folder["model"], "gpt2", width: 32);
        string Letters(string letter, int count) => string.Join(' ', Enumerable.Repeat(letter, count));
        File.WriteAllText(folder["test.csv"], $"input,output\n{Letters("a", 40)},{Letters("b", 12)}\na b,b a\n");
        (await CliRun.Of("adapt", "--kind", "generate", "--model", model, "--data", Data(folder, "train.csv", "input,output", 20, 1), "--test", folder["test.csv"], "--task", "x",
            "--library", folder["library"], "--separator", "=", "--epochs", "1", "--json")).Ok();
        using var library = TaskLibrary.Open(folder["library"]);
        Assert.Equal(2, library.Load("x").Metrics["test_rows"]);
    }

    [Fact]
    public void ATaskThatCannotBeMeasuredIsSavedAllTheSame()
    {
        using var folder = new TemporaryFolder();
        using var model = LanguageModel.Load(SmallWriters.Write(folder["model"], "t5", width: 32));
        var rows = LabelledRows.OfKind(SmallWriters.Rows(8, 1), TaskKind.Generate);
        var task = model.FineTune("x", rows, new TextToTextOptions { Training = new FineTuningOptions { Epochs = 1 } });
        using var library = TaskLibrary.Open(folder["library"]);
        var plan = new AdaptPlan(rows, LabelledRows.From([new("a") { Label = "1" }, new("b") { Label = "2" }]), null, [], []); // rows that it cannot be measured on
        using var error = new StringWriter();
        Assert.Throws<PolymathException>(() => GenerateAdapt.Measured(task, plan, library, new Streams(Stream.Null, TextWriter.Null, error), new Progress<WorkProgress>(), default));
        Assert.Contains("saved without measurements", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(library.Load("x").Metrics);
    }

    [Fact]
    public async Task WhatDoesNotFitIsSaidInOneLine()
    {
        using var folder = new TemporaryFolder();
        string data = Data(folder, "train.csv", "input,output", 20, 1), model = SmallWriters.Write(folder["model"], "gpt2", width: 32), bert = TinyModel.Write(folder["bert"]), library = folder["library"];
        Task<CliRun> Adapt(params string[] more) => CliRun.Of(["adapt", "--kind", "generate", "--task", "x", "--library", library, .. more]);
        (await Adapt("--data", data)).Refused("--model is missing");
        (await Adapt("--data", data, "--model", bert)).Refused("masked language model writes no text");
        (await Adapt("--data", data, "--model", TinyModel.Write(folder["classify"], "bert-classify"))).Refused("no language model head");
        (await Adapt("--model", model)).Refused("--data");
        (await Adapt("--data", data, "--model", model, "--method", "features")).Refused("--kind generate", "fine-tuning");
        (await Adapt("--data", data, "--model", model, "--keep-head")).Refused("--keep-head does not apply");
        (await Adapt("--data", data, "--model", model, "--metric", "accuracy")).Refused("metric accuracy does not measure generate");
        (await Adapt("--data", data, "--model", model, "--max-new-tokens", "100")).Refused("leave no room");
        File.WriteAllText(folder["columns.csv"], "left,middle,right\na,b,c\n");
        (await Adapt("--data", folder["columns.csv"], "--model", model)).Refused("left", "--label-column");
        File.WriteAllText(folder["empty.csv"], "input,output\na b,\n");
        (await Adapt("--data", folder["empty.csv"], "--model", model)).Refused("line 2", "the answer is empty");
        (await CliRun.Of("adapt", "--method", "fine-tuning", "--task", "x", "--library", library, "--data", data, "--separator", "=")).Refused("--separator applies to --kind generate");
    }
}
