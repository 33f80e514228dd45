using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Polymath.Text;
using Polymath.Text.Normalizers;
using Polymath.Text.Unicode;

namespace Polymath.Tests;

/// <summary>Every code point as the reference sees it.</summary>
public class UnicodeTableTests
{
    private static readonly Lazy<JsonElement> Reference = new(() =>
    {
        using var stream = new GZipStream(File.OpenRead(TestFiles.Golden("tokenizers", "unicode.json.gz")), CompressionMode.Decompress);
        return JsonDocument.Parse(stream).RootElement;
    });

    [Theory]
    [InlineData("bert_punctuation", CodePointClass.Punctuation)]
    [InlineData("bert_whitespace", CodePointClass.WhiteSpace)]
    [InlineData("bert_clean_removed", CodePointClass.Removed)]
    [InlineData("bert_clean_to_space", CodePointClass.ToSpace)]
    [InlineData("bert_cjk", CodePointClass.Cjk)]
    [InlineData("digits", CodePointClass.Numeric)]
    [InlineData("whitespace_split", CodePointClass.WhiteSpace)]
    [InlineData("regex_L", CodePointClass.Letter)]
    [InlineData("regex_N", CodePointClass.RegexNumber)]
    [InlineData("regex_s", CodePointClass.WhiteSpace)]
    internal void Classes_agree(string name, CodePointClass kind)
    {
        var wanted = Reference.Value.GetProperty(name).EnumerateArray().SelectMany(e => CodePointSet.Ranges(e.GetString()!))
            .SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)).ToHashSet();
        var wrong = Scalars().Where(c => CodePointSet.Has(c, kind) != wanted.Contains(c)).ToList();
        Assert.Empty(wrong);
        Assert.NotEmpty(wanted);
    }

    [Fact]
    public void Lower_case_agrees() => Compare("lowercase", new LowercaseNormalizer(), skipHangul: false);

    [Fact]
    public void Stripping_accents_agrees() => Compare("bert_strip_accents", new BertNormalizer(false, false, stripAccents: true, false), skipHangul: true);

    [Theory]
    [InlineData(@"\p{L}", CodePointClass.Letter)]
    [InlineData(@"\p{N}", CodePointClass.RegexNumber)]
    [InlineData(@"\s", CodePointClass.WhiteSpace)]
    internal void Regular_expressions_see_the_tables_classes(string pattern, CodePointClass kind)
    {
        var regex = new Polymath.Text.Patterns.RegexPattern(pattern, "test");
        var text = string.Concat(Scalars().Select(c => new Rune(c).ToString()));
        var found = regex.Find(text).Select(s => AlignedText.CodePointAt(text, s.Start));
        Assert.Equal(Scalars().Where(c => CodePointSet.Has(c, kind)), found);
    }

    [Theory]
    [InlineData(NormalizationForm.FormC, true, false)]
    [InlineData(NormalizationForm.FormD, false, false)]
    [InlineData(NormalizationForm.FormKC, true, true)]
    [InlineData(NormalizationForm.FormKD, false, true)]
    internal void Normalization_forms_are_idempotent_and_agree_on_samples(NormalizationForm form, bool compose, bool compatibility)
    {
        // The expected forms, spelled out: é, Å from three sources, ﬁ, ½, a Hangul syllable, marks out of order.
        var samples = new (string Text, string C, string D, string Kc, string Kd)[]
        {
            ("e\u0301", "\u00E9", "e\u0301", "\u00E9", "e\u0301"),
            ("\u212B", "\u00C5", "A\u030A", "\u00C5", "A\u030A"),
            ("\uFB01", "\uFB01", "\uFB01", "fi", "fi"),
            ("\u00BD", "\u00BD", "\u00BD", "1\u20442", "1\u20442"),
            ("\uD55C", "\uD55C", "\u1112\u1161\u11AB", "\uD55C", "\u1112\u1161\u11AB"),
            ("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307"),
            ("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C"),
        };
        var normalizer = new UnicodeNormalizer(compose, compatibility);
        foreach (var sample in samples)
        {
            var wanted = form switch { NormalizationForm.FormC => sample.C, NormalizationForm.FormD => sample.D, NormalizationForm.FormKC => sample.Kc, _ => sample.Kd };
            Assert.Equal(wanted, Apply(normalizer, sample.Text));
        }
        var unstable = Scalars().Where(c => Apply(normalizer, new Rune(c).ToString()) is var once && Apply(normalizer, once) != once).ToList();
        Assert.Empty(unstable);
    }

    private static void Compare(string name, Normalizer normalizer, bool skipHangul)
    {
        var wanted = Reference.Value.GetProperty(name).EnumerateObject().ToDictionary(p => CodePointSet.Hex(p.Name), p => p.Value.GetString()!);
        var wrong = Scalars().Where(c => !(skipHangul && c is >= 0xAC00 and <= 0xD7A3))
            .Where(c => new Rune(c).ToString() is var text && Apply(normalizer, text) != wanted.GetValueOrDefault(c, text)).Select(c => c.ToString("X")).ToList();
        Assert.Empty(wrong);
    }

    private static string Apply(Normalizer normalizer, string text) => normalizer.Apply(AlignedText.Of(text, 0, text.Length)).Chars.ToString();

    private static IEnumerable<int> Scalars() => Enumerable.Range(0, 0x110000).Where(c => c is < 0xD800 or > 0xDFFF);
}
