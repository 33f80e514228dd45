using CsCheck;
using Polymath.Adaptation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Tests;

public sealed class PromptTemplateTests
{
    private static readonly PromptModel _decoder = FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder);

    [Theory]
    [InlineData("{{text} {{answer}}", "character 1", "not closed")]
    [InlineData("a {{text}} {{answer", "character 12", "not closed")]
    [InlineData("{{}} {{answer}}", "names no field")]
    [InlineData("{{text.upper()}} {{answer}}", "names no field")]
    [InlineData("{{text}}", "no {{answer}}")]
    [InlineData("{{text}} {{answer}} {{mask}}", "2 places")]
    [InlineData("It was {{answer}}", "no field of the row")]
    [InlineData("{{text}} {{label}} {{answer}}", "would tell the answer")]
    public void What_is_wrong_is_said_in_one_line(string input, params string[] words)
    {
        var error = Assert.Throws<PolymathException>(() => new PromptTemplate(input).Check("my.json"));
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(words.Append("my.json"), word => Assert.Contains(word, error.Message));
    }

    [Theory]
    [InlineData("{\"input\": \"{{text}} {{answer}}\", \"colour\": 1}", "'colour'", "known are")]
    [InlineData("{\"instruction\": \"x\"}", "'input' is missing")]
    [InlineData("{\"input\": 3}", "'input'", "expected a text", "a number")]
    [InlineData("{\"input\": \"{{text}} {{answer}}\",\n \"labels\": [\"a\"]}", "'labels'", "an object of label and words")]
    [InlineData("{\"input\": \"{{text}} {{answer}}\",\n \"labels\": {\"a\": 3}}", "label 'a'", "a list of texts")]
    [InlineData("{\"input\": \"{{text}} {{answer}}\",\n \"score\": \"max\"}", "'max'", "sum or mean")]
    [InlineData("{\"input\": \"{{text}} {{answer}}\",\n \"shorten\": [\"title\"]}", "{{title}} does not stand in the input")]
    [InlineData("{\"input\": \"{{text}} {{answer}}\", \"instruction\": \"{{text}}\"}", "'instruction'", "same for all rows")]
    [InlineData("{\"input\": \"{{text}} {{answer}}\",\n \"input\": \"{{text}} {{answer}}\"}", "Duplicate")]
    [InlineData("{\"input\":\n \"{{text}}", "line 2")]
    [InlineData("[1]", "expected an object", "a list")]
    public void A_broken_file_is_refused_in_one_line(string json, params string[] words)
    {
        var error = Assert.Throws<PolymathException>(() => PromptFile.Parse(json, "p.json"));
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(words.Append("p.json"), word => Assert.Contains(word, error.Message));
    }

    [Fact]
    public void A_template_that_is_written_out_may_have_line_breaks_and_tabs() =>
        Assert.Equal(new PromptTemplate("a\t{{text}}\n{{answer}}"), PromptFile.Load(@"a\t{{text}}\n{{answer}}").Template);

    [Fact]
    public void A_file_says_template_and_words()
    {
        var file = PromptFile.Parse("""
            { // the classic
              "instruction": "Sort.", "input": "{{text}} It was {{answer}}.", "separator": "\n", "shorten": "text",
              "labels": {"good": ["great", "fine"], "bad": "awful",}, "score": "mean",
            }
            """, "p.json");
        Assert.Equal(new PromptTemplate("{{text}} It was {{answer}}.") { Instruction = "Sort.", Separator = "\n" }, file.Template with { Shorten = null });
        Assert.Equal(["text"], file.Template.Shorten!);
        Assert.Equal(["great", "fine"], file.Words!["good"]);
        Assert.Equal(["awful"], file.Words["bad"]);
        Assert.Equal(AnswerScore.Mean, file.Score);
    }

    [Fact]
    public void Whatever_the_text_of_a_file_reading_it_ends_in_a_value_or_in_one_line() => Gen.String[Gen.Char["{}\"inputtextanswer: ,[]\\n/"], 0, 60].Sample(json =>
    {
        try { _ = PromptFile.Parse(json, "p.json"); }
        catch (PolymathException error) { Assert.DoesNotContain('\n', error.Message); }
        try { _ = new PromptTemplate(json).Check("p.json"); }
        catch (PolymathException error) { Assert.DoesNotContain('\n', error.Message); }
    });

    [Fact]
    public void A_prompt_is_the_text_of_its_parts_tokenized_in_one_piece()
    {
        var template = new PromptTemplate("Review: {{text}}\nStars: {{stars}}\nSentiment: {{answer}}") { Instruction = "Judge." };
        var filler = new PromptFiller(_decoder, template);
        var shown = new Demonstration(new Row("Bad.") { Columns = [new("stars", "1")] }, "negative");
        var row = new Row("Nice, {{really}}") { Columns = [new("stars", "5")] };
        var expected = "Judge.\n\nReview: Bad.\nStars: 1\nSentiment: negative\n\nReview: Nice, {{really}}\nStars: 5\nSentiment:";
        Assert.Equal(expected, filler.Render(row, [shown]));
        Assert.Equal(_decoder.Tokenizer.Encode(expected, addSpecialTokens: false).Ids, filler.Fill(row, [shown], 512).Before);
    }

    [Fact]
    public void A_masked_model_gets_the_words_on_both_sides_of_the_gap_and_its_special_tokens()
    {
        var model = FakeLanguageModel.Hashed().As(LanguageModelKind.Masked);
        var prompt = new PromptFiller(model, new PromptTemplate("{{text}} it was {{mask}}, they said")).Fill(new Row("good food"), [], 64);
        Assert.Equal(model.Tokenizer.Encode("good food it was").Ids[..^1], prompt.Before);
        Assert.Equal(model.Tokenizer.Encode(", they said").Ids[1..], prompt.After!);
    }

    [Fact]
    public void An_encoder_decoder_reads_the_source_without_the_answer()
    {
        var model = FakeLanguageModel.Hashed().As(LanguageModelKind.EncoderDecoder);
        var prompt = new PromptFiller(model, new PromptTemplate("{{text}} Was it good? {{answer}}")).Fill(new Row("The food"), [], 64);
        Assert.Equal(model.Tokenizer.Encode("The food Was it good?").Ids, prompt.Before);
        Assert.Null(prompt.After);
    }

    [Fact]
    public void Missing_fields_and_columns_are_named()
    {
        Row row = new("a") { Line = 7, Columns = [new("titel", "x")] };
        Assert.Contains("line 7: there is no column 'title'", Assert.Throws<PolymathException>(() => new PromptFiller(_decoder, new("{{title}} {{answer}}")).Fill(row, [], 99)).Message);
        Assert.Contains("titel", Assert.Throws<PolymathException>(() => new PromptFiller(_decoder, new("{{title}} {{answer}}")).Fill(row, [], 99)).Message);
        Assert.Contains("line 7: the row has no second text", Assert.Throws<PolymathException>(() => new PromptFiller(_decoder, new("{{text_b}} {{answer}}")).Fill(row, [], 99)).Message);
        Assert.Contains("stands after the answer", Assert.Throws<PolymathException>(() => new PromptFiller(_decoder, new("{{answer}} {{text}}"))).Message);
    }

    private static readonly string[] _letters = ["a", "b", "c", " ", "d", "é", "😀", ".", "\n"];

    private static readonly Gen<string> _words = Gen.Int[0, 8].Array[0, 60].Select(picks => string.Concat(picks.Select(pick => _letters[pick])));

    [Fact]
    public void Filling_respects_the_budget_and_cuts_nothing_but_the_ends_of_shortenable_parts() =>
        Gen.Select(_words, _words, Gen.Int[0, 4], Gen.Int[12, 90], Gen.Enum<LanguageModelKind>()).Sample((first, second, shots, budget, kind) =>
        {
            var model = FakeLanguageModel.Hashed().As(kind);
            var template = new PromptTemplate("[A] {{text_a}} [B] {{text_b}} [K] {{kept}} [Q] {{answer}}") { Instruction = "Go", Shorten = ["text_a", "text_b"] };
            var filler = new PromptFiller(model, template);
            var row = new Row(first) { Pair = second, Columns = [new("kept", "keep me")] };
            Demonstration[] shown = [.. Enumerable.Range(0, shots).Select(s => new Demonstration(new Row($"shown {s}") { Pair = "b", Columns = [new("kept", "k")] }, "yes"))];
            var least = filler.Fill(row with { Text = "", Pair = "" }, [], 512);
            if (least.Before.Length + (least.After?.Length ?? 0) > budget)
            {
                Assert.Contains("may be shortened", Assert.Throws<PolymathException>(() => filler.Fill(row, shown, budget)).Message);
                return;
            }
            var prompt = filler.Fill(row, shown, budget);
            Assert.True(prompt.Before.Length + (prompt.After?.Length ?? 0) <= budget);
            var whole = filler.Fill(row, shown, 10_000);
            Assert.Equal((0, 0), (whole.CutTokens, whole.DroppedDemonstrations));
            Assert.Equal(prompt.CutTokens == 0 && prompt.DroppedDemonstrations == 0, whole.Before.SequenceEqual(prompt.Before));
            if (kind != LanguageModelKind.Decoder) return; // the byte-level tokenizer gives texts back as they were
            var text = model.Tokenizer.Decode(prompt.Before);
            Assert.StartsWith("Go\n\n", text);
            Assert.EndsWith(" [K] keep me [Q]", text);
            var blocks = text[4..^" [K] keep me [Q]".Length].Split("\n\n[A] ");
            Assert.Equal(shots - prompt.DroppedDemonstrations, System.Text.RegularExpressions.Regex.Count(text, "shown"));
            var own = text[(text.LastIndexOf("[A] ", StringComparison.Ordinal) + 4)..^" [K] keep me [Q]".Length].Split(" [B] ", 2);
            Assert.StartsWith(own[0], first);
            Assert.StartsWith(own[1], second);
            if (prompt.DroppedDemonstrations < shots) Assert.Equal(0, prompt.CutTokens);
        }, iter: 300);

    [Fact]
    public void What_was_left_out_is_counted()
    {
        var report = new PromptReport();
        var filler = new PromptFiller(_decoder, new PromptTemplate("{{text}}: {{answer}}") { Separator = "\n" });
        Demonstration shown = new(new Row("red green"), "colour");
        report.Count(filler.Fill(new Row("one two three four five six"), [shown, shown], 12));
        report.Count(filler.Fill(new Row("one two three four five six"), [], 4));
        report.Count(filler.Fill(new Row("one"), [], 12));
        Assert.Equal((3, 1, 3, 1), (report.Prompts, report.CutPrompts, report.CutTokens, report.DroppedDemonstrations));
    }
}
