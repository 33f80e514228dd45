using System.Text.Json.Nodes;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Damaged and hostile tokenizer files: an error of one line or a working tokenizer, never anything else.</summary>
public class TokenizerFuzzTests
{
    public static TheoryData<string, int> Seeds => new() { { SmallTokenizers.WordPiece, 1 }, { SmallTokenizers.Bpe, 2 }, { SmallTokenizers.Unigram, 3 } };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Mutated_bytes_give_an_error_or_a_working_tokenizer(string json, int seed)
    {
        var random = new Random(seed);
        var original = System.Text.Encoding.UTF8.GetBytes(json);
        var (working, refused) = (0, 0);
        for (var round = 0; round < 4000; round++)
        {
            var bytes = Mutations.Json(original, random);
            if (FuzzChecks.TokenizerWorks(System.Text.Encoding.UTF8.GetString(bytes))) working++;
            else refused++;
        }
        Assert.True(working > 100 && refused > 100, $"{working} working, {refused} refused: the mutations are one-sided");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_value_replaced_by_every_other_kind_gives_an_error_or_a_working_tokenizer(string json, int seed)
    {
        Assert.InRange(seed, 1, 3);
        string[] others = ["null", "true", "-1", "7", "1e30", "2147483647", "9007199254740993", "\"\"", "\"\\ud800\"", "\"A\"", "[]", "{}", "[[]]", "{\"type\":\"NFC\"}"];
        var count = Values(JsonNode.Parse(json)!).Count();
        var refused = 0;
        for (var i = 0; i < count; i++)
        {
            foreach (var other in others)
            {
                var root = JsonNode.Parse(json)!;
                var target = Values(root).ElementAt(i);
                if (target.Parent is null) continue;
                target.ReplaceWith(JsonNode.Parse("\"!mark\""));
                if (!FuzzChecks.TokenizerWorks(root.ToJsonString().Replace("\"!mark\"", other))) refused++;
            }
        }
        Assert.True(refused > count, $"only {refused} of {count * others.Length} refused");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"model\":{\"type\":\"Nothing\",\"vocab\":{}}}")]
    [InlineData("{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a a\"]}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":2000000000},\"merges\":[]}}")]
    public void Broken_files_are_refused_in_one_line(string json)
    {
        var error = Assert.Throws<PolymathException>(() => Tokenizer.FromJson(json, "some/tokenizer.json"));
        Assert.StartsWith("some/tokenizer.json: ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void An_unknown_part_is_named_with_its_file()
    {
        var error = Assert.Throws<PolymathException>(() => SmallTokenizers.With(normalizer: """{"type":"Spellchecker"}"""));
        Assert.Contains("test.json", error.Message);
        Assert.Contains("normalizer 'Spellchecker'", error.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused_and_does_not_overflow_the_stack()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"type\":\"Sequence\",\"normalizers\":[", 100_000));
        Assert.Throws<PolymathException>(() => Tokenizer.FromJson("{\"normalizer\":" + deep, "deep.json"));
    }

    [Fact]
    public void Replacements_that_blow_up_the_text_end_in_an_error()
    {
        var growing = string.Join(',', Enumerable.Repeat("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""", 50));
        var tokenizer = SmallTokenizers.With(normalizer: $$"""{"type":"Sequence","normalizers":[{{growing}}]}""");
        Assert.Throws<PolymathException>(() => tokenizer.Encode("a"));
    }

    [Fact]
    public void Files_that_are_missing_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no tokenizer here", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message);
        Assert.Contains("no such folder", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder["nowhere"])).Message);
        File.WriteAllText(folder["tokenizer.json"], SmallTokenizers.WordPiece[..200]);
        Assert.Contains("not valid JSON", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message);
    }

    [Fact]
    public void Legacy_files_that_do_not_fit_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["vocab.txt"], "[PAD]\n[CLS]\n[SEP]\na\n");
        Assert.Contains("[UNK]", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message);
        File.Delete(folder["vocab.txt"]);
        File.WriteAllText(folder["vocab.json"], """{"a":0,"b":1,"ab":2}""");
        File.WriteAllText(folder["merges.txt"], "#version: 0.2\na b\nb a\n");
        Assert.Contains("merge 2", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message);
        File.WriteAllText(folder["merges.txt"], "#version: 0.2\na b c\n");
        Assert.Contains("line 2", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message);
        File.WriteAllText(folder["tokenizer_config.json"], """{"tokenizer_class":"Qwen2Tokenizer"}""");
        Assert.Contains("Qwen2Tokenizer", Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message);
    }

    private static IEnumerable<JsonNode> Values(JsonNode node)
    {
        yield return node;
        var children = node switch
        {
            JsonObject o => o.Select(p => p.Value),
            JsonArray a => a,
            _ => [],
        };
        foreach (var child in children.OfType<JsonNode>().ToList())
        {
            foreach (var value in Values(child)) yield return value;
        }
    }
}
