using System.Text.Json;

namespace Polymath.Tests;

/// <summary>Prompts on the command line, with tiny language models.</summary>
public sealed class CliPromptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Library => _folder["library"];

    private string Model(string kind = "gpt2") => TinyModel.Write(_folder[kind], kind);

    private string Prompt(string text)
    {
        File.WriteAllText(_folder["prompt.json"], text);
        return _folder["prompt.json"];
    }

    private const string Template = """{"input": "{{text}} it is {{answer}}", "separator": " . ", "labels": {"plus": ["good", "great"], "minus": ["bad"]}}""";

    [Theory]
    [InlineData("gpt2", "balanced")]
    [InlineData("bert-mlm", "random")]
    [InlineData("t5", "support-vectors")]
    [InlineData("llama", "nearest")]
    public async Task A_prompt_task_is_learned_measured_kept_and_asked_again(string kind, string demonstrations)
    {
        string train = TinyModel.WriteRows(_folder["train.csv"], 30), test = TinyModel.WriteRows(_folder["test.csv"], 12, seed: 2), encoder = TinyModel.Write(_folder["encoder"]);
        string[] chosen = demonstrations is "nearest" or "support-vectors" ? ["--encoder", encoder] : [];
        var run = (await CliRun.Of(["adapt", "--method", "prompt", "--model", Model(kind), "--template", Prompt(Template), "--data", train, "--test", test, "--shots", "2", "--demonstrations", demonstrations, "--task", "mood", "--library", Library, "--no-store", "--json", .. chosen])).Ok();
        Assert.Equal("prompt", run.Json.GetProperty("method").GetString());
        Assert.Equal(4, run.Json.GetProperty("prompt").GetProperty("tried").GetArrayLength());
        Assert.Equal(3, run.Json.GetProperty("methods").GetArrayLength());
        Assert.Contains("calibration none: accuracy", run.Error);
        var measured = run.Json.GetProperty("methods")[2].GetProperty("accuracy").GetDouble();
        Assert.Equal(measured, (await CliRun.Of("evaluate", "--task", "mood", "--library", Library, "--data", test, "--no-store", "--json")).Ok().Json.GetProperty("accuracy").GetDouble());
        var answers = (await CliRun.Of("predict", "--task", "mood", "--library", Library, "--data", test, "--no-store", "--top", "2")).Ok().JsonLines;
        Assert.Equal(12, answers.Length);
        Assert.All(answers, answer => Assert.Equal(1, answer.GetProperty("top").EnumerateArray().Sum(one => one.GetProperty("probability").GetDouble()), 1e-4));
        var file = JsonDocument.Parse((await CliRun.Of("tasks", "show", "mood", "--library", Library)).Ok().Output).RootElement;
        Assert.Equal("{{text}} it is {{answer}}", file.GetProperty("prompt").GetProperty("template").GetProperty("input").GetString());
        Assert.Equal(kind == "bert-mlm" ? "bert" : kind, file.GetProperty("backbone").GetProperty("model_type").GetString());
    }

    [Fact]
    public async Task Without_rows_the_labels_suffice_and_without_a_test_file_a_fifth_measures()
    {
        (await CliRun.Of("adapt", "--method", "prompt", "--model", Model(), "--template", "{{text}} . {{answer}}", "--labels", "good,bad", "--task", "zero", "--library", Library)).Ok();
        var answer = Assert.Single((await CliRun.With("the cat is fine", default, "predict", "--task", "zero", "--library", Library)).Ok().JsonLines);
        Assert.Contains(answer.GetProperty("label").GetString(), new[] { "good", "bad" });
        var held = (await CliRun.Of("adapt", "--method", "prompt", "--model", Model("llama"), "--template", Prompt(Template), "--data", TinyModel.WriteRows(_folder["train.csv"], 30), "--shots", "2", "--calibrate", "pmi", "--task", "mood", "--library", Library)).Ok();
        Assert.Contains("calibration pmi", held.Error);
        Assert.Contains("pmi calibration", held.Output);
        (await CliRun.Of("export", "--task", "mood", "--library", Library, "--out", _folder["out"])).Refused("mood", "no weights of its own");
        (await CliRun.Of("adapt", "--extend", "mood", "--library", Library, "--data", _folder["train.csv"])).Refused("mood", "cannot be extended");
    }

    [Fact]
    public async Task Ask_ranks_choices_and_shows_what_calibration_changes()
    {
        string[] line = ["ask", "the cat", "--model", Model(), "--template", "{{text}} is {{answer}}", "--choices", "good,bad,red"];
        var plain = (await CliRun.Of([.. line, "--json"])).Ok().Json;
        var choices = plain.GetProperty("choices").EnumerateArray().ToArray();
        Assert.Equal(3, choices.Length);
        Assert.Equal(1, choices.Sum(choice => choice.GetProperty("probability").GetDouble()), 1e-6);
        Assert.Equal(plain.GetProperty("answer").GetString(), choices[0].GetProperty("answer").GetString());
        Assert.False(plain.TryGetProperty("calibration", out _));
        foreach (var method in new[] { "contextual", "pmi" })
        {
            var calibrated = (await CliRun.Of([.. line, "--calibrate", method, "--json"])).Ok().Json;
            Assert.Equal(method, calibrated.GetProperty("calibration").GetString());
            Assert.Equal(plain.GetProperty("answer").GetString(), calibrated.GetProperty("uncalibrated").GetString());
            Assert.NotEqual(choices[0].GetProperty("probability").GetDouble(), calibrated.GetProperty("choices").EnumerateArray().First(one => one.GetProperty("answer").GetString() == choices[0].GetProperty("answer").GetString()).GetProperty("probability").GetDouble());
        }
        var data = TinyModel.WriteRows(_folder["rows.csv"], 10);
        Assert.Contains("plus", (await CliRun.Of("ask", "good", "--model", Model("llama"), "--template", Prompt(Template), "--data", data, "--shots", "2", "--calibrate", "batch")).Ok().Output);
    }

    [Fact]
    public async Task A_study_asks_a_language_model_too()
    {
        var train = TinyModel.WriteRows(_folder["mood.csv"], 40);
        File.WriteAllText(train, File.ReadAllText(train).Replace("plus", "good", StringComparison.Ordinal).Replace("minus", "bad", StringComparison.Ordinal));
        string[] line = ["study", "--language-model", Model("llama"), "--data", train, "--methods", "majority,zero-shot,few-shot", "--sizes", "4", "--out", _folder["report"], "--json"];
        var run = (await CliRun.Of(line)).Ok();
        var methods = run.Json.GetProperty("tasks")[0].GetProperty("methods").EnumerateArray().ToArray();
        Assert.Equal(["majority", "zero-shot", "few-shot"], methods.Select(method => method.GetProperty("method").GetString()));
        Assert.All(methods[1..], method => Assert.Equal(0, method.GetProperty("trainedParameters").GetInt64()));
        Assert.Contains("0 cells computed", (await CliRun.Of(line)).Ok().Error);
        (await CliRun.Of("study", "--data", train, "--methods", "zero-shot", "--out", _folder["report"])).Refused("zero-shot", "--language-model");
    }

    /// <summary>Notes about the data may stand before the error.</summary>
    private static async Task Refused(string[] line, params string[] words)
    {
        var run = await CliRun.Of(line);
        (run with { Error = run.Error[Math.Max(0, run.Error.IndexOf("polymath: ", StringComparison.Ordinal))..] }).Refused(words);
    }

    [Fact]
    public async Task Bad_input_is_one_line()
    {
        var (model, rows) = (Model(), TinyModel.WriteRows(_folder["rows.csv"], 12));
        string[] adapt = ["adapt", "--method", "prompt", "--model", model, "--task", "t", "--library", Library];
        await Refused([.. adapt, "--data", rows, "--template", Prompt("""{"input": "{{texts}} {{answer}}", "labels": {"plus": "good", "minus": "bad"}}""")], "there is no column 'texts'");
        await Refused([.. adapt, "--data", rows, "--template", Prompt("""{"input": "{{text}} {{answer}}", "labels": {"plus": ["good"]}}""")], "label 'minus' has no words");
        await Refused([.. adapt, "--data", rows, "--template", "nothing.json"], "nothing.json", "no such file");
        await Refused([.. adapt, "--data", rows, "--template", Prompt("""{"instruction": "LONG", "input": "{{text}} {{answer}}", "labels": {"plus": "good", "minus": "bad"}}""".Replace("LONG", string.Join(' ', Enumerable.Repeat("cat", 80)), StringComparison.Ordinal))], "tokens without the parts that may be shortened", "allowed");
        await Refused([.. adapt, "--data", rows, "--shot-tokens", "5", "--template", Prompt(Template)], "--shot-tokens", "--shots");
        await Refused([.. adapt, "--data", rows, "--layers", "last"], "--layers", "prompt");
        (await CliRun.Of([.. adapt])).Refused("--data", "--labels");
        (await CliRun.Of("adapt", "--method", "prompt", "--data", rows, "--task", "t", "--library", Library)).Refused("--model", "language model");
        (await CliRun.Of("adapt", "--data", rows, "--shots", "3", "--task", "t", "--library", Library)).Refused("--shots", "prompt");
        (await CliRun.Of("ask", "x", "--model", model, "--choices", "good")).Refused("the only answer");
        (await CliRun.Of("ask", "x", "--model", TinyModel.Write(_folder["classifier"], "bert-classify"), "--choices", "good,bad")).Refused("no language model head");
        (await CliRun.Of("ask", "x", "--choices", "good,bad")).Refused("--model is missing");
        (await CliRun.Of("ask", "x", "--model", model, "--choices", "good,bad", "--shots", "2")).Refused("--data");
        (await CliRun.Of("ask", "x", "--model", model, "--choices", "good,good bad")).Refused("is the beginning of");
        Assert.False(Directory.Exists(Path.Combine(Library, "generations")));
    }
}
