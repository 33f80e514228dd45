using CsCheck;
using Polymath.Distillation;
using Polymath.Native;
using Polymath.Text;
using Polymath.Text.Training;

namespace Polymath.Tests;

/// <summary>Learning a WordPiece vocabulary, and the files that are written from it.</summary>
public class WordPieceTrainerTests
{
    private static readonly string[] Texts = [.. Enumerable.Repeat("low low low lower lowest newer newer wider", 20), "Café, déjà vu!", "a zoo"];

    [Fact]
    public void Frequent_words_become_tokens_and_the_special_ones_come_first()
    {
        var tokens = WordPieceTrainer.Train(Texts, 60);
        Assert.Equal(WordPieceTrainer.SpecialTokens, tokens.Take(5));
        Assert.Equal(tokens.Count, tokens.Distinct().Count());
        Assert.Contains("low", tokens);
        Assert.Contains("newer", tokens);
        Assert.Contains("##er", tokens);
        Assert.DoesNotContain(tokens, token => token.Any(char.IsUpper) && !WordPieceTrainer.SpecialTokens.Contains(token));
        Assert.DoesNotContain("é", tokens); // accents are stripped as the tokenizer strips them
        Assert.Equal(tokens, WordPieceTrainer.Train(Texts, 60));
    }

    [Fact]
    public void The_first_merge_is_the_most_frequent_pair()
    {
        // l+o and o+w come 100 times (low ×3, lower, lowest in twenty lines), more than any other pair; "##o" stands before "l".
        var tokens = WordPieceTrainer.Train(Texts, 60);
        var characters = tokens.Skip(5).TakeWhile(token => token.Replace("##", "", StringComparison.Ordinal).Length == 1).Count();
        Assert.Equal(["##ow", "low"], tokens.Skip(5 + characters).Take(2));
    }

    [Fact]
    public void The_size_is_kept_and_texts_without_pairs_give_fewer()
    {
        Assert.Equal(40, WordPieceTrainer.Train(Texts, 40).Count);
        Assert.Equal(7, WordPieceTrainer.Train(["a b a b"], 100).Count);
    }

    [Fact]
    public void Both_tokenizer_files_read_the_same()
    {
        using var folder = new TemporaryFolder();
        StudentFolder.WriteSettings(folder["both"], WordPieceTrainer.Train(Texts, 60), new DistillationOptions { MaxTokens = 32 }, Disk.Default);
        Directory.CreateDirectory(folder["old"]);
        foreach (var file in new[] { "vocab.txt", "tokenizer_config.json" }) File.Copy(Path.Combine(folder["both"], file), Path.Combine(folder["old"], file));
        var (json, old) = (Tokenizer.Load(folder["both"]), Tokenizer.Load(folder["old"]));
        Assert.Equal(32, json.ModelMaxLength);
        Gen.OneOf(Gen.Int[0, Texts.Length - 1].Select(at => Texts[at]), Gen.String).Sample(text =>
        {
            var (a, b) = (json.Encode(text, "low"), old.Encode(text, "low"));
            return a.Ids.SequenceEqual(b.Ids) && a.TypeIds.SequenceEqual(b.TypeIds) && a.Ids[0] == 2 && a.Ids[^1] == 3;
        });
        Assert.Equal("lower zoo", json.Decode(json.Encode("Lower zoo").Ids));
    }
}
