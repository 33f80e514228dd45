using System.Text.Json;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Pairs, truncation, padding and overflow against the reference outputs.</summary>
public class TokenizerPairTests
{
    [Theory]
    [InlineData("wordpiece-uncased")]
    [InlineData("bytebpe-roberta")]
    [InlineData("unigram-t5")]
    public void Own_pairs_come_out_as_the_reference_has_them(string name) => Check(name, TestFiles.Golden("tokenizers", "pairs.jsonl.gz"));

    [Theory]
    [InlineData("wordpiece-uncased")]
    [InlineData("bytebpe-roberta")]
    [InlineData("unigram-t5")]
    public void Real_pairs_come_out_as_the_reference_has_them(string name) => Check(name, TestFiles.Shared("golden", "real", "tokenizers", "pairs.jsonl.gz"));

    private static void Check(string name, string path)
    {
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", name));
        var (count, refused) = (0, 0);
        foreach (var row in GoldenLines.Read(path).Where(r => r.GetProperty("tokenizer").GetString() == name))
        {
            count++;
            var options = Options(row);
            var (a, b) = (row.GetProperty("a").GetString()!, row.GetProperty("b").GetString());
            if (row.TryGetProperty("error", out _))
            {
                refused++;
                Assert.DoesNotContain('\n', Assert.Throws<PolymathException>(() => tokenizer.Encode(a, b, options)).Message);
                continue;
            }
            var wanted = row.GetProperty("encodings").EnumerateArray().ToList();
            var got = tokenizer.Encode(a, b, options);
            if (row.GetProperty("overflow").GetBoolean()) Assert.Equal(wanted.Count, got.Count);
            foreach (var (w, g) in wanted.Zip(got))
            {
                Assert.Equal(w.Ints("input_ids"), g.Ids);
                Assert.Equal(w.Ints("attention_mask"), g.AttentionMask);
                Assert.Equal(w.Ints("token_type_ids"), g.TypeIds);
                Assert.Equal(w.Ints("special_tokens_mask"), g.SpecialTokensMask);
                Assert.Equal(w.Offsets(), g.Offsets.Show());
            }
        }
        Assert.True(count == 250, $"{count} rows");
        Assert.True(refused > 0, "no row that must be refused");
    }

    private static EncodeOptions Options(JsonElement row) => new()
    {
        MaxLength = row.GetProperty("max_length").GetInt32(),
        Stride = row.GetProperty("stride").GetInt32(),
        Truncation = row.GetProperty("truncation").GetString() switch
        {
            "only_first" => Truncation.OnlyFirst,
            "only_second" => Truncation.OnlySecond,
            _ => Truncation.LongestFirst,
        },
        Padding = row.GetProperty("pad").GetBoolean() ? new Padding { Length = row.GetProperty("max_length").GetInt32() } : null,
    };
}
