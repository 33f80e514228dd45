using System.Text.Json;

namespace Polymath.Tests;

/// <summary><c>polymath tokenize</c> on folders that hold tokenizer files and nothing else.</summary>
public class CliTokenizeTests
{
    [Theory]
    [InlineData("wordpiece-uncased")]
    [InlineData("bytebpe-gpt2")]
    [InlineData("bytebpe-roberta")]
    public async Task Every_row_is_a_line_that_equals_the_reference(string name)
    {
        var lines = (await CliRun.Of("tokenize", "--model", TestFiles.Golden("tokenizers", name), "--data", TestFiles.Golden("tokenizers", "lines.jsonl.gz"), "--json")).Ok().JsonLines;
        JsonElement[] cases = [.. GoldenLines.Read(TestFiles.Golden("tokenizers", name, "cases.jsonl.gz"))];
        Assert.Equal(cases.Length, lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            Assert.Equal(cases[i].Ints("ids"), lines[i].Ints("ids"));
            Assert.Equal(cases[i].Offsets(), lines[i].Offsets());
            Assert.Equal(cases[i].GetProperty("decoded").GetString(), lines[i].GetProperty("decoded").GetString());
            Assert.Equal(["ids", "offsets", "tokens", "decoded"], lines[i].EnumerateObject().Select(field => field.Name));
        }
    }

    [Fact]
    public async Task It_truncates_and_pads_only_when_asked()
    {
        string[] command = ["tokenize", "--model", TestFiles.Golden("tokenizers", "wordpiece-uncased")];
        var text = string.Join(' ', Enumerable.Repeat("house", 300)); // the file itself asks for 128, truncated and padded
        Assert.Equal(302, (await CliRun.Of([.. command, "--json", text])).Ok().Json.Ints("ids").Length);
        Assert.Equal(10, (await CliRun.Of([.. command, "--json", "--max-length", "10", text])).Ok().Json.Ints("ids").Length);
        var padded = (await CliRun.Of([.. command, "--json", "--pad-to", "5", "house"])).Ok().Json.Ints("ids");
        Assert.Equal([101, 2160, 102, 0, 0], padded);
        var bare = (await CliRun.Of([.. command, "--json", "--no-special-tokens", "house"])).Ok().Json.Ints("ids");
        Assert.Equal([2160], bare);
        Assert.Equal(["[CLS] house [SEP]", "[CLS] tree [SEP]"], (await CliRun.Of([.. command, "house", "tree"])).Ok().Lines);
        Assert.Equal(["[CLS] house [SEP]", "[CLS] tree [SEP]"], (await CliRun.With("house\ntree\n", default, command)).Ok().Lines);
    }

    [Fact]
    public async Task What_cannot_be_done_is_said()
    {
        var folder = TestFiles.Golden("tokenizers", "wordpiece-uncased");
        (await CliRun.Of("tokenize", "--model", "absent", "house")).Refused("absent", "--model default");
        (await CliRun.Of("tokenize", "--model", folder, "--max-length", "-1", "house")).Refused("--max-length");
        (await CliRun.Of("tokenize", "--model", folder, "--pad-to", "2000000000", "house")).Refused("2000000000");
        (await CliRun.Of("tokenize", "--model", TestFiles.Golden("models"), "house")).Refused("tokenizer.json");
    }
}
