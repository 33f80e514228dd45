using Polymath.Tagging;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Files of tagged words, good and bad.</summary>
public sealed class TaggedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_lines_with_and_without_text()
    {
        var path = Write("spans.jsonl", """
            {"words": ["The", "cat", "."], "tags": ["O", "B-animal", "O"]}

            {"text": "Sun🙂 cat.", "words": ["Sun", "🙂", "cat", "."], "tags": ["O", "O", "I-animal", "O"], "starts": [0, 3, 6, 9], "id": 7}
            {"text": "🙂 cat", "words": ["🙂", "cat"], "tags": ["O", "B-animal"], "starts": [0, 2]}
            """);
        Assert.True(TaggedFile.Recognise(path));
        TaggedSentence[] read = [.. TaggedFile.Open(path).Sentences()];
        Assert.Equal(("The cat .", 1L, 0), (read[0].Text, read[0].Line, read[0].Repaired));
        Assert.Equal(["The", "cat", "."], Enumerable.Range(0, 3).Select(read[0].Word));
        Assert.Equal((3L, 1), (read[1].Line, read[1].Repaired));
        Assert.Equal("B-animal", read[1].Tags![2]);
        Assert.Equal(new TextSpan(6, 9), read[1].Words[2]);
        Assert.Equal(new TextSpan(3, 6), read[2].Words[1]); // its starts count code points
    }

    [Fact]
    public void Conll_columns()
    {
        var path = Write("train.conll", "-DOCSTART- -X- O\n\n# sent 1\nThe DT O\ncat NN B-animal\nsleeps VB I-animal\n\n\nNo\tB-x\r\n");
        Assert.True(TaggedFile.Recognise(path));
        TaggedSentence[] read = [.. TaggedFile.Open(path).Sentences()];
        Assert.Equal(["The cat sleeps", "No"], read.Select(s => s.Text));
        Assert.Equal(["O", "B-animal", "I-animal"], read[0].Tags);
        Assert.Equal([4L, 9L], read.Select(s => s.Line));
    }

    [Theory]
    [InlineData("""{"words": ["a"], "tags": ["O", "O"]}""", "line 2", "1 words but 2 tags")]
    [InlineData("""{"words": ["a"], "tags": ["X-a"]}""", "line 2", "'X-a' is no tag")]
    [InlineData("""{"words": ["a"], "tags": ["B-"]}""", "line 2", "'B-' is no tag")]
    [InlineData("""{"words": ["a"], "tags": ["b-a"]}""", "line 2", "'b-a' is no tag")]
    [InlineData("""{"words": [], "tags": []}""", "line 2", "no words")]
    [InlineData("""{"words": ["a", " "], "tags": ["O", "O"]}""", "line 2", "word 2 is empty")]
    [InlineData("""{"words": "a", "tags": ["O"]}""", "line 2", "no list of strings")]
    [InlineData("""{"words": [1], "tags": ["O"]}""", "line 2", "no list of strings")]
    [InlineData("""{"words": ["a"]}""", "line 2", "'tags'")]
    [InlineData("""{"tags": ["O"]}""", "line 2", "'words'")]
    [InlineData("""["a"]""", "line 2", "'words'")]
    [InlineData("""{"words": ["a"], "tags": ["O"]""", "line 2", "no sentence")]
    [InlineData("""{"words": ["a"], "tags": ["O"], "words": ["a"]}""", "line 2", "no sentence")]
    [InlineData("""{"words": ["\ud800"], "tags": ["O"]}""", "line 2", "no sentence")]
    [InlineData("""{"text": "b a", "words": ["a"], "tags": ["O"], "starts": [0]}""", "line 2", "'a', does not stand at 0")]
    [InlineData("""{"text": "a", "words": ["a"], "tags": ["O"], "starts": [99]}""", "line 2", "does not stand at 99")]
    [InlineData("""{"text": "a", "words": ["a"], "tags": ["O"], "starts": [-1]}""", "line 2", "does not stand at -1")]
    [InlineData("""{"text": "aa", "words": ["a", "a"], "tags": ["O", "O"], "starts": [1, 0]}""", "line 2", "word 2")]
    [InlineData("""{"text": "a", "words": ["a"], "tags": ["O"], "starts": []}""", "line 2", "0 starts")]
    [InlineData("""{"text": "a", "words": ["a"], "tags": ["O"], "starts": [0.5]}""", "line 2", "no sentence")]
    public void A_bad_line_is_named_with_what_was_expected(string line, params string[] words)
    {
        var good = """{"words": ["a"], "tags": ["O"]}""";
        var path = Write("bad.jsonl", $"{good}\n{line}\n{good}\n");
        var error = Assert.Throws<PolymathException>(() => TaggedFile.Open(path).Sentences().Count());
        Assert.All(words, word => Assert.Contains(word, error.Message));
        Assert.DoesNotContain('\n', error.Message);
        Assert.StartsWith(path, error.Message);
        var skipping = TaggedFile.Open(path, skipBadRows: true);
        Assert.Equal([1L, 3L], skipping.Sentences().Select(s => s.Line));
        Assert.Equal(1, skipping.Skipped);
    }

    [Theory]
    [InlineData("cat B-a\ndog\n", "line 2", "without a tag")]
    [InlineData("cat B-a\ndog noun\n", "line 2", "'noun' is no tag")]
    [InlineData("\n\n", "no sentences")]
    public void Bad_columns_are_named(string text, params string[] words)
    {
        var error = Assert.Throws<PolymathException>(() => TaggedFile.Open(Write("bad.conll", text)).Sentences().Count());
        Assert.All(words, word => Assert.Contains(word, error.Message));
    }

    [Fact]
    public void A_bad_word_leaves_out_its_sentence_alone()
    {
        var file = TaggedFile.Open(Write("some.conll", "a O\n\nb O\nc noun\nd noun\n\ne O\n"), skipBadRows: true);
        Assert.Equal(["a", "e"], file.Sentences().Select(s => s.Text));
        Assert.Equal(1, file.Skipped);
    }

    [Theory]
    [InlineData("rows.jsonl", """{"text": "a", "label": "b"}""", false)]
    [InlineData("rows.csv", "word O\n", false)]
    [InlineData("text.txt", "just a text\n", false)]
    [InlineData("words.jsonl", """{"words": ["a"]}""", true)]
    [InlineData("words.txt", "a\tO\n", true)]
    [InlineData("broken.jsonl", """{"words": """, false)]
    public void Files_are_told_apart(string name, string text, bool tagged) => Assert.Equal(tagged, TaggedFile.Recognise(Write(name, text)));

    [Fact]
    public void Untagged_words_are_read_where_no_tags_are_needed()
    {
        var file = TaggedFile.Open("-", standardInput: new MemoryStream("""{"words": ["a"]}"""u8.ToArray()));
        var sentence = Assert.Single(file.Sentences(tagsRequired: false));
        Assert.Null(sentence.Tags);
    }

    [Theory]
    [InlineData("I can't open config.json, v3.5!", "I|can't|open|config.json|,|v3.5|!")]
    [InlineData("  (see e-mail: a@b.org)...", "(|see|e-mail|:|a@b.org|)|.|.|.")]
    [InlineData("naïve café über", "naïve|café|über")]
    [InlineData("e\u0301t 👩\u200d💻 ok\u200b", "e\u0301t|👩\u200d|💻|ok|\u200b")]
    [InlineData("漢字 한국", "漢字|한국")]
    [InlineData("", "")]
    public void Raw_text_is_cut_into_words(string text, string words) =>
        Assert.Equal(words, string.Join('|', WordSplitter.Split(text).Select(span => text[span.Start..span.End])));

    [Fact]
    public void Half_a_surrogate_pair_is_a_word_by_itself() => Assert.Equal([new TextSpan(0, 1), new TextSpan(2, 3)], WordSplitter.Split("\ud800 x"));

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }
}
