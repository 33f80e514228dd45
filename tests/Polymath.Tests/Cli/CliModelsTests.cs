using Polymath.Checkpoints;

namespace Polymath.Tests;

/// <summary><c>polymath models show</c> and <c>check</c>.</summary>
public sealed class CliModelsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Show_says_what_the_folder_holds()
    {
        var model = TinyModel.WriteSentence(_folder["model"], "bert-classify", new SentenceParts
        {
            Pooling = "cls_token",
            DenseOutputs = 7,
            Normalise = true,
            Prompts = new() { ["query"] = "query " },
        });
        var json = (await CliRun.Of("models", "show", model, "--json")).Ok().Json;
        Assert.Equal(("bert", 3, 32, 4, 128), (json.GetProperty("family").GetString(), json.GetProperty("layers").GetInt32(), json.GetProperty("width").GetInt32(), json.GetProperty("heads").GetInt32(), json.GetProperty("vocabulary").GetInt32()));
        Assert.Equal(("cls", 7, true, 32), (json.GetProperty("pooling").GetString(), json.GetProperty("sentenceWidth").GetInt32(), json.GetProperty("normalised").GetBoolean(), json.GetProperty("maxTokens").GetInt32()));
        Assert.Equal("query ", json.GetProperty("prompts").GetProperty("query").GetString());
        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2"], json.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Matches("^[0-9a-f]{64}$", json.GetProperty("hash").GetString());
        Assert.Contains("7 wide, normalised", (await CliRun.Of("models", "show", model)).Ok().Output);
    }

    [Fact]
    public async Task Check_compares_every_kind_of_tensor()
    {
        var run = (await CliRun.Of("models", "check", TestFiles.Golden("models", "bert-mlm"))).Ok();
        Assert.All(run.Lines, line => Assert.StartsWith("OK", line));
        foreach (var kind in new[] { "hidden.0", "hidden.3", "logits", "loss", "gradients", "pseudo-likelihood" }) Assert.Contains(run.Lines, line => line.Contains(kind, StringComparison.Ordinal));
        var json = (await CliRun.Of("models", "check", TestFiles.Golden("models", "bert-mlm"), "--json")).Ok().Json;
        Assert.Equal(["kind", "status", "compared", "gap", "worst"], json[0].EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public async Task Check_leaves_with_1_where_numbers_are_off()
    {
        var cases = TestFiles.Golden("models", "bert-mlm", "cases.safetensors");
        var other = TestFiles.Golden("models", "bert-classify");
        var run = await CliRun.Of("models", "check", TestFiles.Golden("models", "distilbert-mlm"), "--cases", cases);
        Assert.Equal(1, run.Code);
        Assert.Contains(run.Lines, line => line.StartsWith("FAIL", StringComparison.Ordinal));
        Assert.Equal(1, (await CliRun.Of("models", "check", other, "--tolerance", "1e-12")).Code);
        Assert.Equal(0, (await CliRun.Of("models", "check", other, "--absolute", "1e-3")).Code);
    }

    [Fact]
    public async Task A_head_that_the_folder_does_not_have_is_skipped()
    {
        Bare("bert-classify");
        var run = (await CliRun.Of("models", "check", _folder["model"])).Ok();
        Assert.Contains(run.Lines, line => line.StartsWith("SKIP  logits", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("SKIP  gradients", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("OK    hidden.3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_leaves_with_1_where_nothing_was_compared()
    {
        SafetensorsWriter.Write(_folder["empty.safetensors"], [StoredTensor.Of("unrelated", [1f], 1)]);
        var run = await CliRun.Of("models", "check", TestFiles.Golden("models", "bert-mlm"), "--cases", _folder["empty.safetensors"]);
        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.Contains("nothing was compared", run.Error);
    }

    [Fact]
    public async Task A_dump_that_does_not_fit_is_refused()
    {
        var model = TestFiles.Golden("models", "bert-mlm");
        (await CliRun.Of("models", "check", model, "--cases", _folder["none.safetensors"])).Refused("none.safetensors");
        (await CliRun.Of("models", "check", _folder["none"])).Refused("none");
        SafetensorsWriter.Write(_folder["ids.safetensors"], [StoredTensor.Of("row0.input_ids", [5L, 4000L], 2), StoredTensor.Of("row0.logits", [1f], 1)]);
        (await CliRun.Of("models", "check", model, "--cases", _folder["ids.safetensors"])).Refused("row0.input_ids", "4000");
        SafetensorsWriter.Write(_folder["long.safetensors"], [StoredTensor.Of("row0.input_ids", Enumerable.Repeat(5L, 99).ToArray(), 99)]);
        (await CliRun.Of("models", "check", model, "--cases", _folder["long.safetensors"])).Refused("row0.input_ids", "99");
        SafetensorsWriter.Write(_folder["flat.safetensors"], [StoredTensor.Of("batch.input_ids", [5L, 4L], 2), StoredTensor.Of("batch.loss", [1f], 1)]);
        (await CliRun.Of("models", "check", model, "--cases", _folder["flat.safetensors"])).Refused("batch");
    }

    private void Bare(string kind)
    {
        Directory.CreateDirectory(_folder["model"]);
        foreach (var file in new[] { "model.safetensors", "cases.safetensors", "cases.json" }) File.Copy(TestFiles.Golden("models", kind, file), Path.Combine(_folder["model"], file));
        File.WriteAllText(Path.Combine(_folder["model"], "config.json"), File.ReadAllText(TestFiles.Golden("models", kind, "config.json")).Replace("BertForSequenceClassification", "BertModel"));
    }
}
