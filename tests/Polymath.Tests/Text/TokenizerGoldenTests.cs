using System.Text.Json;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Every line of the reference outputs: ids, offsets, tokens, normalized and decoded text.</summary>
public class TokenizerGoldenTests
{
    [Theory]
    [InlineData("wordpiece-uncased")]
    [InlineData("wordpiece-cased")]
    [InlineData("bytebpe-gpt2")]
    [InlineData("bytebpe-roberta")]
    [InlineData("bytebpe-smollm2")]
    [InlineData("unigram-t5")]
    [InlineData("unigram-xlmr")]
    [InlineData("bytebpe-llama3")]
    [InlineData("bytebpe-qwen2")]
    [InlineData("bpe-llama2")]
    public void Own_lines_are_encoded_and_decoded_as_the_reference_does(string name) => Check(
        Tokenizer.Load(TestFiles.Golden("tokenizers", name)),
        TestFiles.Golden("tokenizers", "lines.jsonl.gz"),
        TestFiles.Golden("tokenizers", name, "cases.jsonl.gz"),
        1500);

    [Theory]
    [InlineData("wordpiece-uncased")]
    [InlineData("wordpiece-cased")]
    [InlineData("bytebpe-gpt2")]
    [InlineData("bytebpe-roberta")]
    [InlineData("bytebpe-smollm2")]
    [InlineData("unigram-t5")]
    [InlineData("unigram-xlmr")]
    [InlineData("bytebpe-llama3")]
    [InlineData("bytebpe-qwen2")]
    [InlineData("bpe-llama2")]
    public void Real_sentences_are_encoded_and_decoded_as_the_reference_does(string name) => Check(
        Tokenizer.Load(TestFiles.Golden("tokenizers", name)),
        TestFiles.Shared("golden", "real", "tokenizers", "lines.jsonl.gz"),
        TestFiles.Shared("golden", "real", "tokenizers", $"{name}.cases.jsonl.gz"),
        910);

    [Theory]
    [InlineData("wordpiece-uncased", "vocab.txt")]
    [InlineData("wordpiece-cased", "vocab.txt")]
    [InlineData("bytebpe-gpt2", "vocab.json", "merges.txt")]
    [InlineData("bytebpe-roberta", "vocab.json", "merges.txt")]
    [InlineData("unigram-t5", "spiece.model")]
    [InlineData("unigram-xlmr", "sentencepiece.bpe.model")]
    [InlineData("bpe-llama2", "tokenizer.model")]
    public void Legacy_files_alone_give_the_same_answers(string name, params string[] files)
    {
        using var folder = new TemporaryFolder();
        foreach (var file in (string[])[.. files, "tokenizer_config.json"])
            File.Copy(TestFiles.Golden("tokenizers", name, file), folder[file]);
        var tokenizer = Tokenizer.Load(folder.Path);
        Check(tokenizer, TestFiles.Golden("tokenizers", "lines.jsonl.gz"), TestFiles.Golden("tokenizers", name, "cases.jsonl.gz"), 1500);
        CheckSame(Tokenizer.Load(TestFiles.Golden("tokenizers", name)), tokenizer);
    }

    [Theory]
    [InlineData("wordpiece-uncased", "vocab.txt")]
    [InlineData("bytebpe-gpt2", "vocab.json", "merges.txt")]
    [InlineData("bytebpe-roberta", "vocab.json", "merges.txt")]
    [InlineData("unigram-t5", "spiece.model")]
    [InlineData("unigram-xlmr", "sentencepiece.bpe.model")]
    [InlineData("bpe-llama2", "tokenizer.model")]
    public void Legacy_files_without_any_configuration_give_the_same_ids(string name, params string[] files)
    {
        using var folder = new TemporaryFolder();
        foreach (var file in files) File.Copy(TestFiles.Golden("tokenizers", name, file), folder[file]);
        Check(Tokenizer.Load(folder.Path), TestFiles.Golden("tokenizers", "lines.jsonl.gz"), TestFiles.Golden("tokenizers", name, "cases.jsonl.gz"), 1500);
    }

    [Fact]
    public void The_files_own_truncation_and_padding_are_applied_when_passed_on()
    {
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", "wordpiece-uncased"));
        Assert.Equal(128, tokenizer.FileOptions.MaxLength);
        Assert.Equal(128, tokenizer.FileOptions.Padding?.Length);
        Assert.Equal(512, tokenizer.ModelMaxLength);
        CheckAsLoaded(tokenizer, TestFiles.Golden("tokenizers", "lines.jsonl.gz"), TestFiles.Golden("tokenizers", "wordpiece-uncased", "cases_as_loaded.jsonl.gz"), 18);
    }

    [Fact]
    public void The_files_own_truncation_and_padding_agree_on_real_sentences()
    {
        var folder = TestFiles.Shared("golden", "real", "tokenizers");
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", "wordpiece-uncased"));
        CheckAsLoaded(tokenizer, Path.Combine(folder, "lines.jsonl.gz"), Path.Combine(folder, "wordpiece-uncased.cases_as_loaded.jsonl.gz"), 42);
    }

    [Fact]
    public void Rendered_chats_are_encoded_as_the_reference_does()
    {
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", "bytebpe-smollm2"));
        var rows = File.ReadAllLines(TestFiles.Golden("tokenizers", "chat.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(40, rows.Count);
        Assert.All(rows, row => Assert.Equal(row.Ints("ids"), tokenizer.Encode(row.GetProperty("rendered").GetString()!, addSpecialTokens: false).Ids));
    }

    /// <summary>Number of tokens, special ones, pairs.</summary>
    internal static void CheckSame(Tokenizer wanted, Tokenizer got)
    {
        Assert.Equal(wanted.VocabularySize, got.VocabularySize);
        Assert.Equal(wanted.Special, got.Special);
        foreach (var options in (EncodeOptions[])[new EncodeOptions(), new EncodeOptions { MaxLength = 10, Stride = 1 }])
        {
            foreach (var (w, g) in wanted.Encode("The first of two texts, cut.", "and its other half", options).Zip(got.Encode("The first of two texts, cut.", "and its other half", options)))
            {
                Assert.Equal(w.Ids, g.Ids);
                Assert.Equal(w.TypeIds, g.TypeIds);
            }
        }
    }

    private static void CheckAsLoaded(Tokenizer tokenizer, string lines, string cases, int expected)
    {
        var texts = GoldenLines.Texts(lines);
        var rows = GoldenLines.Read(cases).ToList();
        Assert.Equal(expected, rows.Count);
        foreach (var row in rows)
        {
            var encoding = tokenizer.Encode(texts[row.GetProperty("i").GetInt32()], null, tokenizer.FileOptions)[0];
            Assert.Equal(row.Ints("ids"), encoding.Ids);
            Assert.Equal(row.Ints("attention_mask"), encoding.AttentionMask);
            Assert.Equal(row.Offsets(), encoding.Offsets.Show());
        }
    }

    internal static void Check(Tokenizer tokenizer, string lines, string cases, int expected)
    {
        var texts = GoldenLines.Texts(lines);
        var wrong = new List<string>();
        var count = 0;
        foreach (var row in GoldenLines.Read(cases))
        {
            count++;
            var i = row.GetProperty("i").GetInt32();
            var text = texts[i];
            var encoding = tokenizer.Encode(text);
            void Compare(string what, string wanted, string got)
            {
                if (wanted != got) wrong.Add($"line {i}, {what}: {JsonSerializer.Serialize(Short(text))}\n  wanted {Short(wanted)}\n  got    {Short(got)}");
            }
            Compare("ids", string.Join(' ', row.Ints("ids")), string.Join(' ', encoding.Ids));
            Compare("offsets", row.Offsets(), encoding.Offsets.Show());
            if (row.TryGetProperty("tokens", out var tokens))
                Compare("tokens", string.Join('|', tokens.EnumerateArray().Select(t => t.GetString())), string.Join('|', encoding.Tokens));
            if (row.TryGetProperty("normalized", out var normalized)) Compare("normalized", normalized.GetString()!, tokenizer.Normalize(text));
            Compare("decoded", row.GetProperty("decoded").GetString()!, tokenizer.Decode(encoding.Ids));
            if (row.TryGetProperty("decoded_raw", out var raw)) Compare("decoded_raw", raw.GetString()!, tokenizer.Decode(encoding.Ids, skipSpecialTokens: false));
        }
        Assert.Equal(expected, count);
        Assert.True(wrong.Count == 0, $"{wrong.Count} differences\n" + string.Join('\n', wrong.Take(12)));
    }

    private static string Short(string text) => text.Length > 400 ? text[..400] + "…" : text;
}
