using CsCheck;
using Polymath.Text;
using Polymath.Text.Models;

namespace Polymath.Tests;

/// <summary>What must hold for any text: merges in order, round trips, pieces that cover the text, many threads, bounded time.</summary>
public class TokenizerPropertyTests
{
    private static readonly Lazy<Tokenizer> Gpt2 = new(() => Tokenizer.Load(TestFiles.Golden("tokenizers", "bytebpe-gpt2")));
    private static readonly Lazy<Tokenizer> Bert = new(() => Tokenizer.Load(TestFiles.Golden("tokenizers", "wordpiece-uncased")));

    [Fact]
    public void Fast_merging_equals_merging_by_the_definition()
    {
        // Random merges over three letters, words around and far beyond the length where the heap takes over.
        var words = Gen.Select(Gen.Char["abc"].Array[1, 60], Gen.Int[0, 10_000], (word, seed) => (Word: new string(word), Seed: seed));
        words.Sample(sample =>
        {
            var random = new Random(sample.Seed);
            var ids = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["c"] = 2 };
            var merges = new List<(string, string)>();
            for (var n = 0; n < 25; n++)
            {
                var known = ids.Keys.ToList();
                var (left, right) = (known[random.Next(known.Count)], known[random.Next(known.Count)]);
                if (ids.TryAdd(left + right, ids.Count)) merges.Add((left, right));
            }
            var model = Polymath.Text.Reading.ModelReader.Bpe(new Vocabulary(ids), merges, new BpeOptions(), "test");
            var output = new List<ModelToken>();
            model.Tokenize(sample.Word, output);
            Assert.Equal(ByDefinition(sample.Word, merges), output.Select(t => sample.Word[t.Start..t.End]));
            Assert.Equal(output.Select(t => ids[sample.Word[t.Start..t.End]]), output.Select(t => t.Id));
        }, iter: 3000);
    }

    [Fact]
    public void Byte_level_text_comes_back_as_it_was() => Gen.String.Sample(text =>
    {
        var encoding = Gpt2.Value.Encode(text);
        Assert.Equal(Surrogates.Repair(text), Gpt2.Value.Decode(encoding.Ids, skipSpecialTokens: false));
        Assert.All(encoding.Offsets, o => Assert.True(0 <= o.Start && o.Start <= o.End && o.End <= text.Length));
    }, iter: 3000);

    [Fact]
    public void Lone_surrogates_count_as_the_replacement_character()
    {
        foreach (var text in (string[])["\uD800", "a\uDC00b", "\uD83D\uD83D\uDE00", "\uDE00\uD83D x"])
        {
            foreach (var tokenizer in (Tokenizer[])[Gpt2.Value, Bert.Value])
            {
                var repaired = tokenizer.Encode(Surrogates.Repair(text));
                Assert.Equal(repaired.Ids, tokenizer.Encode(text).Ids);
                Assert.Equal(repaired.Offsets, tokenizer.Encode(text).Offsets);
            }
        }
        Assert.Equal("\uFFFD\uD83D\uDE00", Surrogates.Repair("\uD83D\uD83D\uDE00"));
    }

    [Fact]
    public void Chunks_cover_the_text_overlap_as_asked_and_keep_their_offsets()
    {
        var text = string.Join(' ', Enumerable.Range(0, 500).Select(i => $"word{i}"));
        var whole = Bert.Value.Encode(text, addSpecialTokens: false);
        var chunks = new Chunker(Bert.Value, length: 64, overlap: 10).Split(text);
        Assert.All(chunks, c => Assert.True(c.Length <= 64));
        Assert.Equal(new TextSpan(0, text.Length), new TextSpan(chunks[0].Span.Start, chunks[^1].Span.End));
        var rebuilt = new List<int>(chunks[0].Ids[1..^1]);
        foreach (var chunk in chunks.Skip(1))
        {
            Assert.Equal(rebuilt[^10..], chunk.Ids[1..11]);
            rebuilt.AddRange(chunk.Ids[11..^1]);
        }
        Assert.Equal(whole.Ids, rebuilt);
        var single = new Chunker(Bert.Value, 64).Split("");
        Assert.Equal([101, 102], Assert.Single(single).Ids);
        Assert.Equal(default, single[0].Span);
        Assert.Throws<PolymathException>(() => new Chunker(Bert.Value, 2));
        Assert.Throws<PolymathException>(() => new Chunker(Bert.Value, 10, 8));
    }

    [Fact]
    public void Truncation_from_the_left_keeps_the_end_and_padding_can_go_before()
    {
        var options = new EncodeOptions { MaxLength = 4, TruncationSide = TruncationSide.Left, Padding = new Padding { MultipleOf = 3, Side = PaddingSide.Left } };
        var answers = Bert.Value.Encode("one two three", null, options);
        Assert.Equal(["[PAD]", "[PAD]", "[CLS]", "two", "three", "[SEP]"], answers[0].Tokens);
        Assert.Equal(["[CLS]", "one", "[SEP]"], answers[1].Tokens);
        Assert.Equal([0, 0, 1, 1, 1, 1], answers[0].AttentionMask);
        Assert.Equal(answers[0].Ids, Assert.Single(Bert.Value.Encode("one two three", null, options with { Overflow = false })).Ids);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(-1, 0)]
    [InlineData(8, 7)]
    [InlineData(8, -1)]
    public void Options_that_cannot_be_met_are_refused(int length, int stride) => Assert.Throws<PolymathException>(
        () => Bert.Value.Encode(new string('.', 100), null, new EncodeOptions { MaxLength = length, Stride = stride }));

    [Fact]
    public void Overflow_that_would_fill_the_memory_is_refused()
    {
        var text = string.Join(' ', Enumerable.Repeat("a", 100_000));
        Assert.Throws<PolymathException>(() => Bert.Value.Encode(text, text, new EncodeOptions { MaxLength = 8 }));
        Assert.Equal(8, Bert.Value.Encode(text, text, new EncodeOptions { MaxLength = 8, Overflow = false })[0].Length);
        Assert.Throws<PolymathException>(() => Bert.Value.Encode(text, null, new EncodeOptions { MaxLength = 1002, Stride = 999 }));
    }

    [Fact]
    public void Many_threads_get_the_answers_of_one()
    {
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", "bytebpe-smollm2"));
        var texts = GoldenLines.Texts(TestFiles.Golden("tokenizers", "lines.jsonl.gz")).Values.ToArray();
        var wanted = GoldenLines.Read(TestFiles.Golden("tokenizers", "bytebpe-smollm2", "cases.jsonl.gz")).Select(r => r.Ints("ids")).ToArray();
        Parallel.For(0, 8 * texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var at = i * 7 % texts.Length;
            Assert.Equal(wanted[at], tokenizer.Encode(texts[at]).Ids);
        });
    }

    [Theory]
    [InlineData("wordpiece-uncased")]
    [InlineData("wordpiece-cased")]
    [InlineData("bytebpe-gpt2")]
    [InlineData("bytebpe-roberta")]
    [InlineData("bytebpe-smollm2")]
    public void A_megabyte_without_a_space_takes_less_than_two_seconds(string name)
    {
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", name));
        tokenizer.Encode("warm up the code");
        var random = new Random(1);
        var letters = string.Create(1_000_000, random, (span, r) =>
        {
            foreach (ref var c in span) c = (char)('a' + r.Next(26));
        });
        foreach (var text in (string[])[letters, new string('a', 1_000_000), new string('7', 1_000_000), new string('漢', 333_333)])
        {
            var spent = Spent();
            if (spent >= TimeSpan.FromSeconds(2)) spent = Spent();
            Assert.True(spent < TimeSpan.FromSeconds(2), $"{spent.TotalSeconds:F2} s on '{text[..10]}…'");

            // Processor time, so that a busy machine does not fail the test.
            TimeSpan Spent()
            {
                var before = Environment.CpuUsage.TotalTime;
                tokenizer.Encode(text);
                return Environment.CpuUsage.TotalTime - before;
            }
        }
    }

    private static List<string> ByDefinition(string word, List<(string Left, string Right)> merges)
    {
        var symbols = word.Select(c => c.ToString()).ToList();
        while (true)
        {
            var best = (Rank: int.MaxValue, At: -1);
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var rank = merges.IndexOf((symbols[i], symbols[i + 1]));
                if (rank >= 0 && rank < best.Rank) best = (rank, i);
            }
            if (best.At < 0) return symbols;
            symbols[best.At] += symbols[best.At + 1];
            symbols.RemoveAt(best.At + 1);
        }
    }
}
