namespace Polymath.Tests;

/// <summary>Writing on the command line, with tiny language models.</summary>
public sealed class CliGenerateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Model(string kind = "gpt2") => TinyModel.Write(_folder[kind], kind);

    [Fact]
    public async Task Prompts_come_as_arguments_or_lines_and_answers_as_text_or_JSON()
    {
        var model = Model();
        var text = (await CliRun.Of("generate", "the cat is", "--model", model, "-n", "5")).Ok();
        var json = (await CliRun.Of("generate", "the cat is", "--model", model, "-n", "5", "--json")).Ok().Json;
        Assert.Equal(text.Output.TrimEnd('\n'), json.GetProperty("texts")[0].GetProperty("text").GetString());
        Assert.Equal(5, json.GetProperty("texts")[0].GetProperty("tokens").GetArrayLength());
        var lines = (await CliRun.With("the cat is\n\na red dog\n", default, "generate", "--model", model, "-n", "5", "--json")).Ok().JsonLines;
        Assert.Equal(["the cat is", "a red dog"], lines.Select(line => line.GetProperty("prompt").GetString()));
        Assert.Equal(json.GetProperty("texts")[0].GetProperty("text").GetString(), lines[0].GetProperty("texts")[0].GetProperty("text").GetString());
        var beams = (await CliRun.Of("generate", "the cat is", "--model", Model("t5"), "-n", "5", "--beams", "4", "--sequences", "3")).Ok();
        Assert.Equal(3, beams.Lines.Length);
        var drawn = (await CliRun.Of("generate", "the cat is", "--model", model, "-n", "8", "--temperature", "2", "--sequences", "3", "--seed", "5")).Ok();
        Assert.Equal(drawn.Output, (await CliRun.Of("generate", "the cat is", "--model", model, "-n", "8", "--temperature", "2", "--sequences", "3", "--seed", "5")).Ok().Output);
    }

    [Fact]
    public async Task Equal_prompts_far_apart_are_drawn_apart()
    {
        var lines = string.Concat(Enumerable.Repeat("the cat is\n", 300));
        var drawn = (await CliRun.With(lines, default, "generate", "--model", Model(), "-n", "12", "--temperature", "2", "--seed", "5", "--json")).Ok().JsonLines;
        Assert.Equal(300, drawn.Length);
        Assert.InRange(drawn.Take(44).Zip(drawn.Skip(256)).Count(pair => pair.First.GetRawText() == pair.Second.GetRawText()), 0, 4); // a window of 256 prompts is written at a time
    }

    [Fact]
    public async Task Bad_input_is_one_line()
    {
        var model = Model();
        (await CliRun.Of("generate", "x")).Refused("--model is missing");
        (await CliRun.With("", default, "generate", "--model", model)).Refused("there is no prompt");
        (await CliRun.Of("generate", "hello", "--model", model, "--chat")).Refused("no chat template");
        (await CliRun.Of("generate", "hello", "--model", model, "--system", "you are good")).Refused("--chat");
        (await CliRun.Of("generate", "hello", "--model", model, "--top-p", "0")).Refused("top-p");
        (await CliRun.Of("generate", "hello", "--model", model, "-n", "0")).Refused("at least 1");
        (await CliRun.Of("generate", "hello", "--model", model, "--four-bit")).Refused("four bits");
        (await CliRun.Of("generate", "hello", "--model", Model("bert-mlm"))).Refused("masked language model");
        (await CliRun.Of("generate", string.Join(' ', Enumerable.Repeat("cat", 80)), "--model", model)).Refused("shorten the prompt");
        File.WriteAllBytes(_folder["broken.gguf"], [.. "GGUF"u8, 3, 0, 0, 0, 1]);
        (await CliRun.Of("generate", "hello", "--model", _folder["broken.gguf"])).Refused("broken.gguf");
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), "{% include 'other' %}");
        (await CliRun.Of("generate", "hello", "--model", model, "--chat")).Refused("include");
    }
}
