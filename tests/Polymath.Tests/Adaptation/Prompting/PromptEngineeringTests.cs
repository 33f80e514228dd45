using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Tests;

public sealed class PromptEngineeringTests
{
    private static readonly string[] _plus = ["good", "great", "happy", "love"], _minus = ["bad", "poor", "sad", "hate"];

    private static LabelledRows Rows(int count) => LabelledRows.From(Enumerable.Range(0, count).Select(r =>
        new Row($"the {TinyModel.Words[70 + r]} is {(r % 2 == 0 ? _plus : _minus)[r / 2 % 4]}") { Label = r % 2 == 0 ? "plus" : "minus", Line = r + 1 }));

    private static PromptOptions Words => new() { Template = new PromptTemplate("{{text}} . it is {{answer}}"), Words = new Dictionary<string, IReadOnlyList<string>> { ["plus"] = ["good", "great"], ["minus"] = ["bad"] } };

    private static double[] Scores(LearnedTask task, IEnumerable<Row> rows) => [.. task.Predict(rows).SelectMany(p => p.Ranked.OrderBy(s => s.Label).Select(s => s.Probability))];

    [Fact]
    public void Zero_shot_needs_nothing_but_labels()
    {
        var fake = FakeLanguageModel.Hashed();
        var task = PromptEngineering.ZeroShot(fake.As(LanguageModelKind.Decoder), "mood", ["plus", "minus"]);
        Assert.Empty(fake.Calls);
        var prediction = Assert.Single(task.Predict(["a fine day"]));
        Assert.Equal(1, prediction.Ranked.Sum(scored => scored.Probability), 1e-5);
        Assert.Equal("Label each text with one of: plus, minus.\n\nText: a fine day\nLabel:", fake.As(LanguageModelKind.Decoder).Tokenizer.Decode(fake.Calls[0][0].Before));
    }

    [Fact]
    public void Calls_that_run_at_the_same_time_count_their_own_prompts()
    {
        var task = PromptEngineering.ZeroShot(FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder), "mood", ["plus", "minus"]);
        using var first = task.Predict(Enumerable.Repeat("a fine day", 200)).GetEnumerator(); // two windows
        Assert.True(first.MoveNext());
        Assert.Equal(3, task.Predict(["one", "two", "three"]).Count());
        Assert.Equal(3, task.PromptReport!.Prompts);
        while (first.MoveNext()) { }
        Assert.Equal(200, task.PromptReport!.Prompts);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("balanced")]
    [InlineData("nearest")]
    [InlineData("diverse")]
    [InlineData("support-vectors")]
    public void What_is_saved_answers_as_what_was_learned_and_the_same_seed_learns_the_same(string demonstrations)
    {
        using var folder = new TemporaryFolder();
        using var encoder = Backbone.Load(TinyModel.Write(folder["encoder"]));
        var model = FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder);
        var options = Words with { Demonstrations = new DemonstrationOptions { Method = DemonstrationMethods.Parse(demonstrations), Count = 3, Seed = 5 }, Calibration = CalibrationMethod.Contextual, Encoder = encoder };
        var learned = PromptEngineering.Learn(model, "mood", Rows(20), options);
        learned.Save(folder["library"]);
        using var library = TaskLibrary.Open(folder["library"]);
        var artifact = library.Load("mood");
        var loaded = LearnedTask.RestorePrompt(artifact, model, encoder);
        Row[] fresh = [new("the dog is fine"), new("the tea is awful"), new("the bird is red")];
        Assert.Equal(Scores(learned, fresh), Scores(loaded, fresh));
        Assert.Equal(Scores(learned, fresh), Scores(PromptEngineering.Learn(model, "mood", Rows(20), options), fresh));
        Assert.Equal(demonstrations, artifact.Prompt!.Demonstrations!.Method);
        Assert.Equal(demonstrations == "nearest" ? 20 : 3, artifact.Demonstrations.Count);
        Assert.Equal(demonstrations == "nearest", artifact.Prompt.Calibration.Offsets.Count == 0);
        if (demonstrations != "nearest") return;
        Assert.Contains("encoder", Assert.Throws<PolymathException>(() => LearnedTask.RestorePrompt(artifact, model)).Message);
    }

    [Fact]
    public void Training_rows_are_never_shown_to_themselves()
    {
        using var folder = new TemporaryFolder();
        using var encoder = Backbone.Load(TinyModel.Write(folder["encoder"]));
        foreach (var method in Enum.GetValues<DemonstrationMethod>())
        {
            var fake = FakeLanguageModel.Hashed();
            var rows = Rows(16);
            var model = fake.As(LanguageModelKind.Decoder);
            _ = PromptEngineering.Learn(model, "mood", rows, Words with { Demonstrations = new DemonstrationOptions { Method = method, Count = 4 }, Calibration = CalibrationMethod.None, Encoder = encoder });
            var prompts = Assert.Single(fake.Calls).Select(request => model.Tokenizer.Decode(request.Before)).ToArray();
            Assert.Equal(method == DemonstrationMethod.Nearest ? 16 : 12, prompts.Length);
            Assert.All(prompts, prompt =>
            {
                var blocks = prompt.Split("\n\n");
                Assert.Equal(5, blocks.Length);
                Assert.DoesNotContain(blocks[..^1], block => block.StartsWith(blocks[^1], StringComparison.Ordinal));
            });
        }
    }

    [Fact]
    public void Calibration_is_kept_only_where_it_answers_more_rows_rightly()
    {
        // A model with a strong liking for "bad" that still hears a good word.
        FakeLanguageModel Biased(float liking) => new((request, a) => [.. request.Answers[a].Select((_, t) =>
            t > 0 ? 0 : (a == 0 ? liking : 0) + (Heard(request, a == 0 ? _minus : _plus) ? 2 : 0))]);
        var skewed = PromptEngineering.Learn(Biased(4).As(LanguageModelKind.Decoder), "mood", Rows(40), Words);
        var record = skewed.Artifact.Prompt!.Calibration;
        Assert.Equal(["none", "contextual", "pmi", "batch"], record.Tried.Select(trial => trial.Method));
        Assert.Equal(0.5, record.Tried[0].Accuracy);
        Assert.Equal(("contextual", 1.0), (record.Method, record.Tried[1].Accuracy));
        Assert.True(record.Tried[1].CalibrationError < record.Tried[0].CalibrationError);
        Assert.Equal(1.0, Metric.Accuracy.Compute(skewed.Evaluate(Rows(40))));
        var fair = PromptEngineering.Learn(Biased(0).As(LanguageModelKind.Decoder), "mood", Rows(40), Words);
        Assert.Equal(("none", 0), (fair.Artifact.Prompt!.Calibration.Method, fair.Artifact.Prompt.Calibration.Offsets.Count));
    }

    private static bool Heard(ScoringRequest request, string[] words)
    {
        var text = FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder).Tokenizer.Decode(request.Before);
        return words.Any(word => text.Contains(word, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(CalibrationMethod.None)]
    [InlineData(CalibrationMethod.Contextual)]
    [InlineData(CalibrationMethod.Pmi)]
    [InlineData(CalibrationMethod.Batch)]
    public void A_calibration_that_is_asked_for_is_taken_and_measured(CalibrationMethod method)
    {
        var record = PromptEngineering.Learn(FakeLanguageModel.Hashed().As(LanguageModelKind.Masked), "mood", Rows(12), Words with { Calibration = method }).Artifact.Prompt!.Calibration;
        Assert.Equal(method.Name(), record.Method);
        Assert.Equal(12, record.Rows);
        Assert.Equal(method == CalibrationMethod.None ? ["none"] : ["none", method.Name()], record.Tried.Select(trial => trial.Method));
    }

    [Fact]
    public void Rows_of_many_tasks_go_to_the_model_in_one_call()
    {
        var fake = FakeLanguageModel.Hashed();
        var model = fake.As(LanguageModelKind.Decoder);
        var mood = PromptEngineering.Learn(model, "mood", Rows(12), Words with { Demonstrations = new DemonstrationOptions { Count = 2 } });
        var colour = PromptEngineering.ZeroShot(model, "colour", ["red", "green", "blue"]);
        (LearnedTask, Row)[] rows = [(mood, new Row("the cat is good")), (colour, new Row("the cat is red")), (mood, new Row("the cat is sad")), (colour, new Row("sky"))];
        fake.Calls.Clear();
        var together = PromptBatch.Predict(rows);
        Assert.Equal(4, Assert.Single(fake.Calls).Count);
        foreach (var ((task, row), prediction) in rows.Zip(together))
            Assert.Equal(Assert.Single(task.Predict([row])).Ranked, prediction.Ranked);
        var other = PromptEngineering.ZeroShot(FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder), "other", ["a", "b"]);
        Assert.Contains("different language models", Assert.Throws<PolymathException>(() => PromptBatch.Predict([rows[0], (other, new Row("x"))])).Message);
        Assert.Empty(PromptBatch.Predict([]));
    }

    [Fact]
    public void Further_columns_are_kept_with_the_demonstrations()
    {
        using var folder = new TemporaryFolder();
        var data = LabelledRows.From(Enumerable.Range(0, 6).Select(r => new Row($"text {r}") { Label = r % 2 == 0 ? "a" : "b", Columns = [new("title", $"title {r}"), new("other", "no")] }));
        var fake = FakeLanguageModel.Hashed();
        var model = fake.As(LanguageModelKind.Decoder);
        PromptEngineering.Learn(model, "t", data, new PromptOptions { Template = new("{{title}}: {{text}} {{answer}}"), Demonstrations = new() { Count = 2 }, CalibrationRows = 0 }).Save(folder["library"]);
        fake.Calls.Clear();
        using var library = TaskLibrary.Open(folder["library"]);
        var task = LearnedTask.RestorePrompt(library.Load("t"), model);
        _ = task.Predict([new Row("x") { Columns = [new("title", "y")] }]).ToArray();
        Assert.Equal(3, model.Tokenizer.Decode(fake.Calls[0][0].Before).Split("\n\n").Count(block => block.StartsWith("title ", StringComparison.Ordinal) || block.StartsWith("y: x", StringComparison.Ordinal)));
        Assert.Equal("title", Assert.Single(library.Load("t").Demonstrations[0].Columns!).Key);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_words()
    {
        var model = FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder);
        void Refused(string words, Action run) => Assert.Contains(words, Assert.Throws<PolymathException>(run).Message);
        Refused("an encoder", () => PromptEngineering.Learn(model, "t", Rows(8), new() { Demonstrations = new() { Method = DemonstrationMethod.Nearest } }));
        Refused("regression", () => PromptEngineering.Learn(model, "t", LabelledRows.OfKind([new Row("a") { Label = "1" }, new Row("b") { Label = "2" }], TaskKind.Regression)));
        Refused("no row is left", () => PromptEngineering.ZeroShot(model, "t", ["a", "b"], new() { Calibration = CalibrationMethod.Batch }));
        Refused("at least two", () => PromptEngineering.ZeroShot(model, "t", ["a"]));
        var task = PromptEngineering.ZeroShot(model, "t", ["a", "b"]);
        Refused("asks the language model 'fake-lm'", () => LearnedTask.Restore(task.Artifact, backbone: null));
        Refused("belongs to the backbone", () => LearnedTask.RestorePrompt(task.Artifact, model with { Reference = model.Reference with { Hash = new string('b', 64) } }));
        Refused("tokens without the parts", () => Assert.Empty(PromptEngineering.ZeroShot(FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder, 12), "t", ["a", "b"]).Predict(["x"])));
        Refused("the model reads 1 at most", () => PromptEngineering.ZeroShot(FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder, 1), "t", ["a", "b"]));
    }

    [Fact]
    public void Long_rows_are_cut_and_counted()
    {
        var task = PromptEngineering.ZeroShot(FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder, 40), "t", ["a", "b"]);
        _ = task.Predict([string.Join(' ', Enumerable.Repeat("word", 100)), "short"]).ToArray();
        Assert.Equal((2, 1), (task.PromptReport!.Prompts, task.PromptReport.CutPrompts));
        Assert.True(task.PromptReport.CutTokens > 60);
    }
}
