using System.Text.Json;
using Polymath.Adaptation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Prompts through the real SmolLM2: some of what <c>bench prompts</c> measures in full.</summary>
public sealed class RealPromptTests
{
    private const double Tolerance = 1e-3;

    [Fact]
    public void The_capital_of_California_is_wrong_as_it_stands_and_right_once_calibrated()
    {
        var path = TestFiles.Shared("golden", "real", "capitals.json");
        using var model = LanguageModel.Load(TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        string[] cities = [.. document.RootElement.GetProperty("candidates").EnumerateArray().Select(city => city.GetString()!)];
        foreach (var format in document.RootElement.GetProperty("formats").EnumerateObject())
        {
            var options = new PromptOptions { Template = new PromptTemplate(format.Value.GetString()!.Replace("{}", "{{text}}") + " {{answer}}"), Calibration = CalibrationMethod.Contextual, ContentFree = ["N/A"] };
            var answers = PromptQuestion.Ask(PromptModel.Of(model), new Row("California"), Verbalizer.OfNames(cities), options);
            Assert.Equal("Sacramento", answers[0].Answer);
            var reference = document.RootElement.GetProperty("scores").GetProperty(format.Name).GetProperty("states").GetProperty("California");
            Assert.Equal(reference.GetProperty("raw").GetString(), answers.MaxBy(answer => answer.Probability)!.Answer);
            var wanted = reference.GetProperty("log_probabilities").EnumerateArray().Select(value => value.GetDouble()).ToArray();
            Assert.All(answers, answer => Assert.Equal(wanted[Array.IndexOf(cities, answer.Answer)], answer.LogProbability, Tolerance));
        }
    }

    /// <summary>Demonstrations rendered from rows give the reference's own prompt, to the token.</summary>
    [Fact]
    public void Demonstrations_and_rows_have_the_reference_likelihoods()
    {
        var path = TestFiles.Shared("golden", "real", "prompts.json");
        using var loaded = LanguageModel.Load(TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        var model = PromptModel.Of(loaded);
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        foreach (var one in document.RootElement.EnumerateArray())
        {
            List<Row> Rows(string part) => DataFile.Open(TestFiles.Shared("data", one.GetProperty("task").GetString()!, $"{part}.csv"), new DataOptions { LabelRequired = true }).ReadAll();
            string[] Texts(string field) => [.. one.GetProperty(field).EnumerateArray().Select(value => value.GetString()!)];
            int[] Ids(string field) => [.. one.GetProperty(field).EnumerateArray().Select(value => value.GetInt32())];
            var (train, test) = (Rows("train"), Rows("test"));
            var words = Texts("labels").Zip(Texts("words")).ToDictionary(pair => pair.First, pair => (IReadOnlyList<string>)[pair.Second.Trim()]);
            var prompt = new BoundPrompt(model, new PromptTemplate(one.GetProperty("pattern").GetString()!.Replace("{x}", "{{text}}") + " {{answer}}"), new Verbalizer(Texts("labels"), words));
            Demonstration[] shown = [.. Ids("demonstration_rows").Select(row => new Demonstration(train[row], words[train[row].Label!][0]))];
            var asked = test[Ids("test_rows")[0]];
            Assert.StartsWith(one.GetProperty("prefix").GetString()!, prompt.Filler.Render(asked, shown));
            var found = loaded.LogProbabilities([prompt.Ask(asked, shown), .. prompt.AskWithoutContent(["N/A"], shown)]).Select(prompt.Read).ToArray();
            foreach (var (wanted, scores) in new[] { one.GetProperty("log_probabilities")[0], one.GetProperty("content_free") }.Zip(found))
                Assert.All(wanted.EnumerateArray().Zip(scores), pair => Assert.Equal(pair.First.GetDouble(), pair.Second, Tolerance));
        }
    }
}
