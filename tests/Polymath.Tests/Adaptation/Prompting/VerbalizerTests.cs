using Polymath.Adaptation;
using Polymath.Generation;

namespace Polymath.Tests;

public sealed class VerbalizerTests
{
    private static readonly PromptModel _decoder = FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder);

    private static Dictionary<string, IReadOnlyList<string>> Words(params (string Label, string[] Words)[] words) => words.ToDictionary(entry => entry.Label, entry => (IReadOnlyList<string>)entry.Words);

    private static BoundVerbalizer Bind(PromptModel model, string input, Verbalizer words) => new(model, new PromptFiller(model, new PromptTemplate(input)), words);

    [Fact]
    public void Labels_that_cannot_be_told_apart_are_refused_with_the_reason()
    {
        void Refused(string words, Func<object> make) => Assert.Contains(words, Assert.Throws<PolymathException>(make).Message);
        Refused("label 'b' has no words", () => new Verbalizer(["a", "b"], Words(("a", ["x"]))));
        Refused("label 'b' has no words", () => new Verbalizer(["a", "b"], Words(("a", ["x"]), ("b", []))));
        Refused("empty word", () => new Verbalizer(["a", "b"], Words(("a", ["x"]), ("b", [" "]))));
        Refused("share the word 'x'", () => new Verbalizer(["a", "b"], Words(("a", ["x"]), ("b", ["y", "x "]))));
        Refused("given twice", () => new Verbalizer(["a"], Words(("a", ["x", "x"]))));
        Refused("'c', which is no label", () => new Verbalizer(["a"], Words(("a", ["x"]), ("c", ["y"]))));
        Refused("the same tokens", () => Bind(FakeLanguageModel.Hashed().As(LanguageModelKind.Masked), "{{text}} {{answer}}", new Verbalizer(["a", "b"], Words(("a", ["Good"]), ("b", ["good"])))));
        Refused("does not know the word", () => Bind(FakeLanguageModel.Hashed().As(LanguageModelKind.Masked), "{{text}} {{answer}}", new Verbalizer(["a", "b"], Words(("a", ["☂☂☂ꙮ"]), ("b", ["good"])))));
        Refused("'New York' of label 'a' is the beginning of 'New York City' of label 'b'", () => Bind(_decoder, "{{text}} {{answer}}", new Verbalizer(["a", "b"], Words(("a", ["New York"]), ("b", ["New York City"])))));
    }

    [Fact]
    public void A_beginning_of_another_word_is_no_collision_where_answers_end()
    {
        var words = new Verbalizer(["a", "b"], Words(("a", ["New York"]), ("b", ["New York City"])));
        Assert.Equal(2, Bind(_decoder, "{{text}} {{answer}}.", words).Labels);
        Assert.Equal(2, Bind(FakeLanguageModel.Hashed().As(LanguageModelKind.EncoderDecoder), "{{text}} {{answer}}", words).Labels);
        Assert.Equal(2, Bind(_decoder, "{{text}} {{answer}}", new Verbalizer(words.Labels, words.ByLabel(), AnswerScore.Mean)).Labels);
    }

    [Fact]
    public void Answers_are_the_tokens_that_words_add_to_the_prompt()
    {
        int[] Ids(string text) => _decoder.Tokenizer.Encode(text, addSpecialTokens: false).Ids;
        var bound = Bind(_decoder, "Review: {{text}}\nSentiment: {{answer}}", new Verbalizer(["n", "p"], Words(("n", ["negative", "quite bad indeed"]), ("p", ["positive"]))));
        Assert.Equal([Ids(" negative"), Ids(" quite bad indeed"), Ids(" positive")], bound.Answers);
        Assert.Equal(Ids(" positive.\n"), Bind(_decoder, "{{text}} {{answer}}.\n", new Verbalizer(["p"], Words(("p", ["positive"])))).Answers[0]);
        Assert.Equal(Ids("positive"), Bind(_decoder, "{{text}}\n{{answer}}", new Verbalizer(["p"], Words(("p", ["positive"])))).Answers[0]);
        var source = FakeLanguageModel.Hashed().As(LanguageModelKind.EncoderDecoder);
        Assert.Equal(source.Tokenizer.Encode("positive").Ids, Bind(source, "{{text}} {{answer}}", new Verbalizer(["p"], Words(("p", ["positive"])))).Answers[0]);
    }

    [Fact]
    public void Words_of_a_label_are_summed_and_long_words_can_be_normalised()
    {
        var words = Words(("a", ["red", "dark blue"]), ("b", ["green"]));
        float[][] likelihoods = [[MathF.Log(0.2f)], [MathF.Log(0.5f), MathF.Log(0.4f)], [MathF.Log(0.3f)]];
        var sum = Bind(_decoder, "{{text}} {{answer}}", new Verbalizer(["a", "b"], words)).Score(likelihoods);
        Assert.Equal(Math.Log(0.2 + 0.5 * 0.4), sum[0], 1e-6);
        Assert.Equal(Math.Log(0.3), sum[1], 1e-6);
        var mean = Bind(_decoder, "{{text}} {{answer}}", new Verbalizer(["a", "b"], words, AnswerScore.Mean)).Score(likelihoods);
        Assert.Equal(Math.Log(0.2 + Math.Sqrt(0.5 * 0.4)), mean[0], 1e-6);
    }
}
