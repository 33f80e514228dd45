using Polymath.Text;
using Polymath.Text.PreTokenizers;

namespace Polymath.Tests;

/// <summary>The parts of a tokenizer one by one, on examples worked out by hand.</summary>
public class TokenizerPartTests
{
    private const string Letters = """{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":5,"vocab":{"[UNK]":0,"a":1,"b":2,"##a":3,"##b":4,"ab":5,"##c":6}}""";

    [Theory]
    [InlineData(SplitBehavior.Removed, "a|b|c")]
    [InlineData(SplitBehavior.Isolated, "a|-|b|-|-|c")]
    [InlineData(SplitBehavior.MergedWithPrevious, "a-|b-|-|c")]
    [InlineData(SplitBehavior.MergedWithNext, "a|-b|-|-c")]
    [InlineData(SplitBehavior.Contiguous, "a|-|b|--|c")]
    internal void Delimiters_go_where_the_behaviour_says(SplitBehavior behavior, string expected)
    {
        const string text = "a-b--c";
        var output = new List<TextSpan>();
        Splitter.Split(new TextSpan(0, text.Length), [new(1, 2), new(3, 4), new(4, 5)], behavior, invert: false, output);
        Assert.Equal(expected, string.Join('|', output.Select(s => text[s.Start..s.End])));
    }

    [Theory]
    [InlineData("ab", "ab")]
    [InlineData("aba", "ab ##a")]
    [InlineData("abc", "ab ##c")]
    [InlineData("abx", "[UNK]")]
    [InlineData("ababa", "ab ##a ##b ##a")]
    [InlineData("ababab", "[UNK]")]
    public void WordPiece_takes_the_longest_piece_and_gives_up_as_a_whole(string word, string expected) =>
        Assert.Equal(expected, string.Join(' ', SmallTokenizers.With(model: Letters).Encode(word).Tokens));

    [Theory]
    [InlineData("I'll don't 'LL x'9", "I|'ll| don|'t| '|LL| x|'|9")]
    [InlineData("  a  b\n\nc ", " | a| | b|\n|\n|c| ")]
    [InlineData("99%!? ½x", "99|%!?| ½|x")]
    [InlineData("\n 7", "\n| 7")]
    public void Gpt2_words_are_found_by_hand_as_the_expression_finds_them(string text, string expected)
    {
        var words = new List<string>();
        for (var i = 0; i < text.Length; i += words[^1].Length) words.Add(text.Substring(i, Gpt2Words.Next(text, i)));
        Assert.Equal(expected, string.Join('|', words));
    }

    [Theory]
    [InlineData("""{"id":9,"content":"<x>","lstrip":true}""", "a  <x> b", "[0,1][1,6][7,8]", "  <x>")]
    [InlineData("""{"id":9,"content":"<x>","rstrip":true}""", "a  <x> b", "[0,1][3,7][7,8]", "<x> ")]
    [InlineData("""{"id":9,"content":"<x>"}""", "a  <x> b", "[0,1][3,6][7,8]", "<x>")]
    [InlineData("""{"id":9,"content":"b","single_word":true}""", "a b ab", "[0,1][2,3][4,6]", "b")]
    [InlineData("""{"id":9,"content":"É","normalized":true}""", "a e\u0301 b", "[0,1][2,3][5,6]", "e")]
    public void Added_tokens_are_found_by_their_own_rules(string added, string text, string offsets, string token)
    {
        var tokenizer = SmallTokenizers.With(
            normalizer: """{"type":"BertNormalizer"}""", preTokenizer: """{"type":"WhitespaceSplit"}""", added: $"[{added}]", model: Letters);
        var encoding = tokenizer.Encode(text);
        Assert.Equal(offsets, encoding.Offsets.Show());
        Assert.Equal(token, encoding.Tokens[1]);
    }

    [Fact]
    public void The_longest_of_two_added_tokens_wins()
    {
        var tokenizer = SmallTokenizers.With(added: """[{"id":7,"content":"<x>"},{"id":8,"content":"<x><y>"}]""");
        Assert.Equal([8, 7, 8], tokenizer.Encode("<x><y><x><x><y>").Ids);
    }

    [Theory]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " \u3000a b\t", "a b")]
    [InlineData("""{"type":"Replace","pattern":{"String":"a"},"content":"oo"}""", "banana", "boonoonoo")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"_"}""", "a   b c", "a_b c")]
    [InlineData("""{"type":"Prepend","prepend":"_"}""", "a", "_a")]
    [InlineData("""{"type":"Prepend","prepend":"_"}""", "", "")]
    [InlineData("""{"type":"Lowercase"}""", "ΑΣ İX", "ασ i\u0307x")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]}""", "Ça é", "Ca e")]
    public void Normalizers_rewrite_text(string normalizer, string text, string expected) =>
        Assert.Equal(expected, SmallTokenizers.With(normalizer: normalizer).Normalize(text));

    [Theory]
    [InlineData("""{"type":"Whitespace"}""", "ab, c_d!? é", "[0,2][2,3][4,7][7,9][10,11]")]
    [InlineData("""{"type":"WhitespaceSplit"}""", "ab, c", "[0,3][4,5]")]
    [InlineData("""{"type":"Punctuation","behavior":"MergedWithPrevious"}""", "ab,c", "[0,3][3,4]")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "a12b", "[0,1][1,3][3,4]")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "a12", "[0,1][1,2][2,3]")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\d"},"behavior":"Removed","invert":true}""", "a1b23", "[1,2][3,4][4,5]")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "ab c", "[0,2][2,4]")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","add_prefix_space":false}""", "ab  c", "[0,2][2,3][3,5]")]
    public void Pre_tokenizers_cut_where_they_should(string preTokenizer, string text, string offsets) =>
        Assert.Equal(offsets, SmallTokenizers.With(preTokenizer: preTokenizer).Encode(text).Offsets.Show());

    [Fact]
    public void Bert_and_Roberta_templates_lay_out_pairs()
    {
        var bert = SmallTokenizers.With(model: Letters, postProcessor: """{"type":"BertProcessing","cls":["[CLS]",7],"sep":["[SEP]",8]}""").Encode("a", "b");
        Assert.Equal([7, 1, 8, 2, 8], bert.Ids);
        Assert.Equal([0, 0, 0, 1, 1], bert.TypeIds);
        Assert.Equal([-1, 0, -1, 1, -1], bert.SequenceIds);
        Assert.Equal([1, 0, 1, 0, 1], bert.SpecialTokensMask);
        var roberta = SmallTokenizers.With(model: Letters, postProcessor: """{"type":"RobertaProcessing","cls":["<s>",7],"sep":["</s>",8]}""");
        Assert.Equal([7, 1, 8, 8, 2, 8], roberta.Encode("a", "b").Ids);
        Assert.Equal([1, 2], roberta.Encode("a", "b", addSpecialTokens: false).Ids);
    }

    [Fact]
    public void A_text_without_template_and_its_pair_have_types_0_and_1() =>
        Assert.Equal([0, 1], SmallTokenizers.With(model: Letters).Encode("a", "b").TypeIds);

    [Fact]
    public void Special_tokens_and_sizes_come_from_the_files()
    {
        var bert = Tokenizer.Load(TestFiles.Golden("tokenizers", "wordpiece-uncased"));
        Assert.Equal(new SpecialToken("[MASK]", 103), bert.Special.Mask);
        Assert.Equal(new SpecialToken("[PAD]", 0), bert.Special.Pad);
        Assert.Equal(30522, bert.VocabularySize);
        Assert.Null(bert.Special.Begin);
        var smol = Tokenizer.Load(TestFiles.Golden("tokenizers", "bytebpe-smollm2"));
        Assert.Equal(new SpecialToken("<|im_end|>", 2), smol.Special.Pad);
        Assert.Equal(new SpecialToken("<|im_start|>", 1), smol.Special.Begin);
        Assert.Equal((49152, 8192), (smol.VocabularySize, smol.ModelMaxLength));
        Assert.Null(smol.FileOptions.MaxLength);
        Assert.Null(smol.FileOptions.Padding);
    }

    [Fact]
    public void An_absurd_maximum_length_is_none()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], SmallTokenizers.WordPiece);
        File.WriteAllText(folder["tokenizer_config.json"], """{"model_max_length": 1000000000000000019884624838656}""");
        Assert.Null(Tokenizer.Load(folder.Path).ModelMaxLength);
    }

    [Fact]
    public void Mpnet_without_tokenizer_json_lays_texts_out_as_Roberta_does()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["vocab.txt"], "<s>\n<pad>\n</s>\n[UNK]\n<mask>\na\nb\n");
        File.WriteAllText(folder["config.json"], """{"model_type":"mpnet"}""");
        Assert.Equal([0, 5, 2, 2, 6, 4, 2], Tokenizer.Load(folder.Path).Encode("A", "b <mask>").Ids);
    }
}
