using Polymath.Text;
using Polymath.Text.Models;
using Polymath.Text.Normalizers;

namespace Polymath.Tests;

/// <summary>Sentencepiece files and unigram models: examples worked out by hand, damage, and search against trying every way.</summary>
public class SentencePieceTests
{
    [Fact]
    public void T5_has_the_files_ids_and_sentinels_behind_them()
    {
        using var folder = Folder("spiece.model", SmallSentencePieces.Unigram());
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal([6, 3, 7, 8, 2], tokenizer.Encode("ab Ａﬁ").Ids);
        Assert.Equal("[0,2][3,4][3,4][4,5][0,0]", tokenizer.Encode("ab Ａﬁ").Offsets.Show());
        Assert.Equal(110, tokenizer.VocabularySize);
        Assert.Equal((109, 10), (tokenizer.IdOf("<extra_id_0>"), tokenizer.IdOf("<extra_id_99>")));
        Assert.Equal([6, 109, 6, 9, 2], tokenizer.Encode("ab <extra_id_0> ab<sep>").Ids);
        Assert.Equal("ab", tokenizer.Decode([6, 2]));
        File.WriteAllText(folder["tokenizer_config.json"], """{"tokenizer_class":"T5Tokenizer","extra_ids":0}""");
        Assert.Equal(10, Tokenizer.Load(folder.Path).VocabularySize);
    }

    [Fact]
    public void Xlm_roberta_puts_its_own_special_tokens_in_front()
    {
        using var folder = Folder("sentencepiece.bpe.model", SmallSentencePieces.Unigram());
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal([0, 7, 2], tokenizer.Encode("ab").Ids);
        Assert.Equal([0, 7, 2, 2, 7, 11, 2], tokenizer.Encode("ab", "ab <mask>").Ids);
        Assert.Equal([0, 4, 3, 2], tokenizer.Encode("xyz").Ids);
        Assert.Equal(["<s>", "▁", "xyz", "</s>"], tokenizer.Encode("xyz").Tokens);
    }

    [Fact]
    public void Llama_merges_by_score_and_spells_unknown_characters_in_bytes()
    {
        using var folder = Folder("tokenizer.model", SmallSentencePieces.Bpe());
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(["<s>", "▁", "aba"], tokenizer.Encode("aba").Tokens);
        Assert.Equal(["<s>", "▁a", "<0xC3>", "<0xA9>", "▁a", "a"], tokenizer.Encode("aé aa").Tokens);
        Assert.Equal("aé aa", tokenizer.Decode(tokenizer.Encode("aé aa").Ids));
        Assert.Equal([1, 6, 1, 6], tokenizer.Encode("a", "a").Ids);
        File.WriteAllText(folder["tokenizer_config.json"], """{"add_bos_token":false,"add_eos_token":true}""");
        Assert.Equal([6, 2], Tokenizer.Load(folder.Path).Encode("a").Ids);
    }

    [Theory]
    [InlineData("spiece.model", """{"tokenizer_class":"AlbertTokenizer"}""", "{}", "AlbertTokenizer")]
    [InlineData("spiece.model", "{}", """{"model_type":"albert"}""", "'albert'")]
    [InlineData("sentencepiece.bpe.model", """{"tokenizer_class":"CamembertTokenizer"}""", "{}", "CamembertTokenizer")]
    [InlineData("tokenizer.model", """{"tokenizer_class":"GemmaTokenizer"}""", "{}", "GemmaTokenizer")]
    [InlineData("tokenizer.model", "{}", "{}", "remove_extra_whitespaces")]
    public void Files_that_need_another_layout_are_refused(string name, string tokenizerConfig, string config, string named)
    {
        using var folder = Folder(name, SmallSentencePieces.Unigram());
        File.WriteAllText(folder["tokenizer_config.json"], tokenizerConfig);
        File.WriteAllText(folder["config.json"], config);
        var error = Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path));
        Assert.Contains(named, error.Message);
        Assert.Contains("tokenizer.json", error.Message);
    }

    [Fact]
    public void Damage_is_named_with_its_place()
    {
        using var folder = Folder("spiece.model", SmallSentencePieces.Unigram()[..^2]);
        Assert.Contains("claims", Refusal(folder));
        File.WriteAllBytes(folder["spiece.model"], []);
        Assert.Contains("0 pieces", Refusal(folder));
        File.WriteAllText(folder["spiece.model"], "IQ== 0\nIg== 1\n");
        Assert.Contains("not a sentencepiece model", Refusal(folder));
        File.WriteAllBytes(folder["spiece.model"], SmallSentencePieces.File([("<unk>", 0, 2), ("a", 0, 1), ("a", 0, 1)], 1, false, [], true));
        Assert.Contains("'a') occurs twice", Refusal(folder));
        File.WriteAllBytes(folder["spiece.model"], SmallSentencePieces.File([("<unk>", 0, 2), ("</s>", 0, 3)], 1, false, [9, 0, 0, 0, 1], true));
        Assert.Contains("precompiled_charsmap", Refusal(folder));
        File.WriteAllBytes(folder["spiece.model"], SmallSentencePieces.File([("<unk>", 0, 2), ("</s>", 0, 3)], 3, false, [], true));
        Assert.Contains("type 3", Refusal(folder));
    }

    [Theory]
    [InlineData("ﬁx", "fix", "[0,1][0,1][1,2]")]
    [InlineData("a\tb", "a b", "[0,1][1,2][2,3]")]
    [InlineData("ﬁ\u0301x", "fix", "[0,1][1,2][2,3]")]
    [InlineData("ﬁ\u0301\u0301x", "fi\u0301\u0301x", "[0,1][0,1][1,2][2,3][3,4]")]
    [InlineData("a\u00ADb", "ab", "[0,1][2,3]")]
    public void Character_maps_rewrite_whole_short_clusters(string text, string expected, string offsets)
    {
        var map = new PrecompiledNormalizer(SmallSentencePieces.CharacterMap(("ﬁ", "fi"), ("\t", " "), ("\u00AD", "")), "test");
        var result = map.Apply(AlignedText.Of(text, 0, text.Length));
        Assert.Equal(expected, result.Chars.ToString());
        Assert.Equal(offsets, Enumerable.Range(0, result.Length).Select(i => new TextSpan(result.StartOf(i), result.EndOf(i))).Show());
    }

    [Fact]
    public void The_search_finds_the_best_of_all_ways()
    {
        var random = new Random(3);
        for (var round = 0; round < 2000; round++)
        {
            var pieces = new List<(string Piece, double Score)> { ("<unk>", 0) };
            for (var n = 0; n < 10; n++)
            {
                var piece = new string(random.GetItems("abc".AsSpan(), random.Next(1, 4)));
                if (pieces.TrueForAll(p => p.Piece != piece)) pieces.Add((piece, -1 - random.NextDouble() * 9));
            }
            var text = new string(random.GetItems("abc".AsSpan(), random.Next(1, 9)));
            var output = new List<ModelToken>();
            var model = new Unigram(pieces, 0, byteFallback: false);
            model.Tokenize(text, output);
            var lowest = pieces.Min(p => p.Score);
            double Cost(int start, int end) => pieces.Find(p => p.Piece == text[start..end]) is { Piece: not null } known ? known.Score : end - start == 1 ? lowest - 10 : double.NegativeInfinity;
            Assert.Equal(Best(text, Cost), output.Sum(t => t.Id == 0 ? Enumerable.Range(t.Start, t.End - t.Start).Sum(i => Cost(i, i + 1)) : Cost(t.Start, t.End)), 9);
            Assert.Equal(text, string.Concat(output.Select(t => text[t.Start..t.End])));
        }
    }

    [Fact]
    public void Of_equal_ways_the_one_met_first_wins()
    {
        var output = new List<ModelToken>();
        new Unigram([("<unk>", 0), ("a", -1), ("b", -1), ("ab", -2), ("aa", -2)], 0, byteFallback: false).Tokenize("aab", output);
        Assert.Equal([1, 3], output.Select(t => t.Id));
    }

    [Fact]
    public void Unknown_characters_fuse_or_become_bytes()
    {
        List<(string, double)> pieces = [("<unk>", 0), ("a", -1), ("<0xC3>", 0), ("<0xA9>", 0)];
        string Ids(string text, bool bytes)
        {
            var output = new List<ModelToken>();
            new Unigram(pieces, 0, bytes).Tokenize(text, output);
            return string.Join(' ', output.Select(t => $"{t.Id}[{t.Start},{t.End}]"));
        }
        Assert.Equal("1[0,1] 0[1,4] 1[4,5]", Ids("a😀éa", bytes: false));
        Assert.Equal("1[0,1] 2[1,3] 3[1,3] 2[1,3] 3[1,3]", Ids("aéé", bytes: true));
        Assert.Equal("0[0,2]", Ids("éx", bytes: true));
        Assert.Throws<PolymathException>(() => new Unigram([("a", 0)], null, false).Tokenize("b", []));
    }

    [Fact]
    public void A_megabyte_without_a_space_takes_no_more_than_its_length()
    {
        var tokenizer = Tokenizer.Load(TestFiles.Golden("tokenizers", "unigram-xlmr"));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var text in (string[])[new string('a', 1_000_000), new string('漢', 333_333), "a" + new string('\u0301', 500_000), string.Concat(Enumerable.Repeat("😀", 250_000))])
            Assert.NotEmpty(tokenizer.Encode(text).Ids);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Fact]
    public void Mutated_files_give_an_error_of_one_line_or_a_working_tokenizer()
    {
        var random = new Random(5);
        byte[][] originals = [SmallSentencePieces.Unigram(), SmallSentencePieces.Bpe(), SmallSentencePieces.File([("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("ab", -1, 1)], 1, false, [], true)];
        var (working, refused) = (0, 0);
        for (var round = 0; round < 5000; round++)
        {
            if (FuzzChecks.SentencePieceWorks(Mutations.SentencePiece(originals[round % originals.Length], random))) working++;
            else refused++;
        }
        Assert.True(working > 500 && refused > 500, $"{working} working, {refused} refused: the mutations are one-sided");
    }

    private static TemporaryFolder Folder(string name, byte[] bytes)
    {
        var folder = new TemporaryFolder();
        File.WriteAllBytes(folder[name], bytes);
        return folder;
    }

    private static string Refusal(TemporaryFolder folder)
    {
        var message = Assert.Throws<PolymathException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.StartsWith(folder["spiece.model"], message);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static double Best(string text, Func<int, int, double> cost, int start = 0) =>
        start == text.Length ? 0 : Enumerable.Range(start + 1, text.Length - start).Max(end => cost(start, end) + (double.IsNegativeInfinity(cost(start, end)) ? 0 : Best(text, cost, end)));
}
