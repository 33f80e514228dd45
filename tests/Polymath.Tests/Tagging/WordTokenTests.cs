using CsCheck;
using Polymath.Features;
using Polymath.Tagging;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Words and the tokens that stand for them.</summary>
public sealed class WordTokenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Backbone _backbone;

    public WordTokenTests()
    {
        TinyModel.Write(_folder["model"]);
        // Sub-words: the vocabulary's last words become pieces.
        var words = TinyModel.Words.ToArray();
        (words[^1], words[^2], words[^3]) = ("##s", "##y", "##e");
        File.WriteAllLines(Path.Combine(_folder["model"], "vocab.txt"), words);
        _backbone = Backbone.Load(_folder["model"]);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Each_word_has_its_own_tokens()
    {
        var sentence = TaggedSentence.FromWords(["The", "cats", "skyes", "."]);
        var tokens = WordTokens.Of(_backbone, sentence, 64);
        Assert.Equal([[(0, 1)], [(0, 2), (0, 3)], [(0, 4), (0, 5), (0, 6)], [(0, 7)]], tokens.Words);
    }

    [Fact]
    public void Odd_characters_lose_no_word()
    {
        // A control character and a zero-width joiner have no token; combining marks are stripped; a surrogate pair is one unknown token.
        var sentence = TaggedSentence.FromWords(["\u0001", "ca\u0301t", "\u200d", "👩", "漢字", "dog", "\ud800"]);
        var tokens = WordTokens.Of(_backbone, sentence, 64);
        Assert.Equal(7, tokens.Words.Length);
        Assert.All(tokens.Words, own => Assert.NotEmpty(own));
        var ids = tokens.Pieces[0].Ids;
        Assert.Equal((0, 0), tokens.Words[0][0]); // nothing stands before it
        Assert.Equal("cat", TinyModel.Words[ids[tokens.Words[1][0].Token]]);
        Assert.Equal(2, tokens.Words[4].Length);
        Assert.Equal("dog", TinyModel.Words[ids[Assert.Single(tokens.Words[5]).Token]]);
    }

    [Fact]
    public void Long_sentences_are_read_in_pieces_and_each_token_where_it_has_most_context() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[5, 40], Gen.Int[0, 1 << 20]).Sample((count, limit, seed) =>
        {
            var random = new Random(seed);
            string[] words = [.. Enumerable.Range(0, count).Select(_ => TinyModel.Words[random.Next(8, 120)] + (random.Next(3) == 0 ? "s" : ""))];
            var sentence = TaggedSentence.FromWords(words);
            WordTokens whole = WordTokens.Of(_backbone, sentence, 100_000), cut = WordTokens.Of(_backbone, sentence, limit);
            Assert.Single(whole.Pieces);
            for (var w = 0; w < count; w++)
            {
                Assert.Equal(whole.Words[w].Select(at => whole.Pieces[at.Piece].Ids[at.Token]), cut.Words[w].Select(at => cut.Pieces[at.Piece].Ids[at.Token]));
                Assert.All(cut.Words[w], at => Assert.InRange(at.Token, 1, cut.Pieces[at.Piece].Ids.Length - 2)); // never [CLS] or [SEP]
            }
            Assert.All(cut.Pieces, piece => Assert.InRange(piece.Ids.Length, 1, limit));
        }, iter: 60);

    [Fact]
    public void A_words_vector_is_the_mean_of_its_tokens_or_the_first_and_neighbours_stand_beside_it()
    {
        var sentence = TaggedSentence.FromWords(["the", "skyes", "cat"]);
        var ids = WordTokens.Of(_backbone, sentence, 64).Pieces[0].Ids;
        var states = TinyModel.LastStates(_backbone, ids); // [CLS] the sky ##e ##s cat [SEP]
        float[] Vector(SubwordPooling pooling, int neighbours) => Read([sentence], new WordRecipe(LayerMix.Last, pooling, neighbours, 64)).Values;
        const int width = TinyModel.Width;
        Close(states[2], Vector(SubwordPooling.First, 0).AsSpan(width, width));
        Close([.. Enumerable.Range(0, width).Select(j => (states[2][j] + states[3][j] + states[4][j]) / 3)], Vector(SubwordPooling.Mean, 0).AsSpan(width, width));
        var wide = Vector(SubwordPooling.First, 1);
        Assert.All(wide[..width], value => Assert.Equal(0, value)); // nothing before the first word
        Close(states[1], wide.AsSpan(width, width));
        Close(states[2], wide.AsSpan(2 * width, width));
        Close(states[5], wide.AsSpan(5 * width, width));
    }

    [Fact]
    public void Windows_and_batches_change_nothing()
    {
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 300).Select(i => TaggedSentence.FromWords([.. Enumerable.Range(0, 1 + i % 7).Select(w => TinyModel.Words[5 + (i * 7 + w) % 100])]))];
        var recipe = new WordRecipe(LayerMix.MeanOfTop(2), SubwordPooling.Mean, 1, 64);
        var all = Read(sentences, recipe);
        Assert.Equal(sentences.Sum(s => s.Words.Count), all.Rows);
        var at = sentences.Take(200).Sum(s => s.Words.Count);
        Close(Read([sentences[200]], recipe).Values, all.Values.AsSpan(at * all.Columns, sentences[200].Words.Count * all.Columns));
    }

    private FeatureMatrix Read(TaggedSentence[] sentences, WordRecipe recipe) => Tagger.Vectors(_backbone, sentences, recipe, default).Matrix;

    private static void Close(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f);
    }
}
