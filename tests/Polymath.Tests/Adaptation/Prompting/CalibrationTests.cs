using System.Text.Json;
using CsCheck;
using Polymath.Adaptation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Tests;

public sealed class CalibrationTests
{
    private static readonly Gen<double[][]> _scores = Gen.Select(Gen.Int[2, 5], Gen.Int[1, 12]).SelectMany((labels, rows) => Gen.Double[-30, 0].Array[labels].Array[rows]);

    private static double[] Probabilities(double[] scores) => [.. LogMath.Normalise(scores).Select(Math.Exp)];

    [Fact]
    public void Batch_calibration_makes_the_mean_over_rows_uniform() => _scores.Sample(rows =>
    {
        var offsets = Calibration.Batch(rows);
        for (var k = 0; k < offsets.Length; k++)
            Assert.Equal(1, rows.Average(row => Math.Exp(Calibration.Apply(LogMath.Normalise(row), offsets)[k])), 1e-9);
    });

    [Fact]
    public void Contextual_calibration_divides_by_the_mean_content_free_probability() => _scores.Sample(rows =>
    {
        var (row, free) = (rows[0], rows);
        var divided = Probabilities(row).Select((p, k) => p / free.Average(one => Probabilities(one)[k])).ToArray();
        var expected = divided.Select(value => value / divided.Sum()).ToArray();
        Assert.All(Probabilities(Calibration.Apply(row, Calibration.Contextual(free))).Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-9));
        // One content-free input, calibrated by itself, says nothing any more.
        Assert.All(Probabilities(Calibration.Apply(row, Calibration.Contextual([row]))), p => Assert.Equal(1.0 / row.Length, p, 1e-9));
    });

    [Fact]
    public void Adding_the_same_to_all_labels_changes_nothing() => Gen.Select(_scores, Gen.Double[-5, 5]).Sample((rows, shift) =>
    {
        double[][] shifted = [.. rows.Select(row => row.Select(score => score + shift).ToArray())];
        foreach (var formula in new Func<double[][], double[]>[] { Calibration.Contextual, Calibration.Batch, one => Calibration.Pmi(one[0]) })
            Assert.All(Probabilities(Calibration.Apply(rows[0], formula(rows))).Zip(Probabilities(Calibration.Apply(shifted[0], formula(shifted)))), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    });

    [Fact]
    public void Pmi_asks_for_the_answers_after_the_last_words_alone()
    {
        var model = FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder);
        var prompt = new BoundPrompt(model, new PromptTemplate("Review: {{text}}\nSentiment: {{answer}}") { Instruction = "Judge." }, Verbalizer.OfNames(["good", "bad"]));
        var premise = prompt.AskPremise();
        Assert.Equal(model.Tokenizer.Encode("Sentiment:", addSpecialTokens: false).Ids, premise.Before);
        Assert.Equal(2, premise.Answers.Count);
        Assert.Single(new BoundPrompt(model, new PromptTemplate("{{text}} {{answer}}"), Verbalizer.OfNames(["good", "bad"])).AskPremise().Before); // the token for a beginning
    }

    /// <summary>With the reference's own likelihoods: its predictions, raw and divided by those on "N/A".</summary>
    [Fact]
    public void Predictions_follow_from_the_reference_likelihoods()
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(TestFiles.Shared("golden", "real", "prompts.json")));
        var checkedRows = 0;
        foreach (var one in cases.RootElement.EnumerateArray())
        {
            double[][] Numbers(string field) => [.. one.GetProperty(field).EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())];
            string[] Texts(string field) => [.. one.GetProperty(field).EnumerateArray().Select(v => v.GetString()!)];
            int[] Ids(string field) => [.. one.GetProperty(field).EnumerateArray().Select(v => v.GetInt32())];
            var rows = Numbers("log_probabilities");
            double[] free = [.. one.GetProperty("content_free").EnumerateArray().Select(v => v.GetDouble())];
            var labels = Texts("labels");
            var words = labels.Zip(Texts("words")).ToDictionary(pair => pair.First, pair => (IReadOnlyList<string>)[pair.Second.Trim()]);
            var model = FakeLanguageModel.Replaying([.. rows, free]);
            var prompt = new BoundPrompt(model.As(LanguageModelKind.Decoder, 2048), new PromptTemplate(one.GetProperty("pattern").GetString()!.Replace("{x}", "{{text}}") + " {{answer}}"), new Verbalizer(labels, words));
            var answers = model.LogProbabilities([.. rows.Select((_, r) => prompt.Ask(new Row($"row {r}"), [])), .. prompt.AskWithoutContent(["N/A"], [])]);
            double[][] scores = [.. answers.Select(prompt.Read)];
            var offsets = Calibration.Contextual(scores[^1..]);
            for (var r = 0; r < rows.Length; r++)
            {
                Assert.Equal(Ids("predicted")[r], Best(scores[r]));
                Assert.Equal(Ids("predicted_calibrated")[r], Best(Calibration.Apply(scores[r], offsets)));
                checkedRows++;
            }
        }
        Assert.Equal(1300, checkedRows);
    }

    private static int Best(double[] scores) => Array.IndexOf(scores, scores.Max());
}
