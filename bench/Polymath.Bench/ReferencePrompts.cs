using System.Text.Json;
using Polymath.Adaptation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>The reference's prompts (golden/real): what was asked, and what the reference implementation says.</summary>
/// <param name="Name">The data set and the way of asking.</param>
/// <param name="Template">How rows become prompts.</param>
/// <param name="Words">Words by label.</param>
/// <param name="Shown">Rows shown, as (text, label).</param>
/// <param name="Rows">Rows asked about.</param>
/// <param name="Scores">The reference's log-probabilities [rows, labels].</param>
/// <param name="ContentFree">The reference's log-probabilities on "N/A".</param>
/// <param name="Truth">The right label of each row.</param>
internal sealed record ReferencePrompts(string Name, PromptTemplate Template, Verbalizer Words, IReadOnlyList<Row> Shown, IReadOnlyList<Row> Rows, double[][] Scores, double[] ContentFree, int[] Truth)
{
    /// <summary>What prompts.json holds, on the data sets' rows.</summary>
    public static IEnumerable<ReferencePrompts> Tasks()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Timing.Shared("golden", "real", "prompts.json")));
        foreach (var one in document.RootElement.EnumerateArray())
        {
            var set = one.GetProperty("task").GetString()!;
            var (train, test) = (Sentences.Of(set, "train"), Sentences.Of(set, "test"));
            string[] labels = Texts(one, "labels");
            int[] shown = Ids(one, "demonstration_rows"), rows = Ids(one, "test_rows");
            var words = labels.Zip(Texts(one, "words")).ToDictionary(pair => pair.First, pair => (IReadOnlyList<string>)[pair.Second.Trim()]);
            var pattern = one.GetProperty("pattern").GetString()!;
            yield return new($"{set}, \"{pattern.Split('\n')[0]}\", {shown.Length} shown, {words[labels[0]][0].Split(' ').Length}+ words", new PromptTemplate(pattern.Replace("{x}", "{{text}}", StringComparison.Ordinal) + " {{answer}}"),
                new Verbalizer(labels, words), [.. shown.Select(row => train[row])], [.. rows.Select(row => test[row])], [.. one.GetProperty("log_probabilities").EnumerateArray().Select(Numbers)],
                Numbers(one.GetProperty("content_free")), [.. rows.Select(row => Array.IndexOf(labels, test[row].Label))]);
        }
    }

    /// <summary>What capitals.json holds: states, and 26 cities to choose from, in four formats.</summary>
    public static IEnumerable<ReferencePrompts> Capitals()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Timing.Shared("golden", "real", "capitals.json")));
        string[] cities = Texts(document.RootElement, "candidates");
        foreach (var format in document.RootElement.GetProperty("formats").EnumerateObject())
        {
            var scores = document.RootElement.GetProperty("scores").GetProperty(format.Name);
            var states = scores.GetProperty("states").EnumerateObject().ToArray();
            yield return new($"capitals, {format.Name}", new PromptTemplate(format.Value.GetString()!.Replace("{}", "{{text}}", StringComparison.Ordinal) + " {{answer}}"), Verbalizer.OfNames(cities), [],
                [.. states.Select(state => new Row(state.Name))], [.. states.Select(state => Numbers(state.Value.GetProperty("log_probabilities")))], Numbers(scores.GetProperty("content_free")),
                [.. states.Select(state => Array.IndexOf(cities, document.RootElement.GetProperty("states").GetProperty(state.Name).GetString()))]);
        }
    }

    /// <summary>Asks a model the same.</summary>
    /// <returns>Label scores of each row, and on "N/A".</returns>
    public (double[][] Rows, double[] ContentFree) Ask(PromptModel model)
    {
        var prompt = new BoundPrompt(model, Template, Words);
        var words = Words.ByLabel();
        Demonstration[] shown = [.. Shown.Select(row => new Demonstration(row, words[row.Label!][0]))];
        ScoringRequest[] requests = [.. Rows.Select(row => prompt.Ask(row, shown)), .. prompt.AskWithoutContent(["N/A"], shown)];
        double[][] scores = [.. model.Scorer.LogProbabilities(requests).Select(prompt.Read)];
        return (scores[..^1], scores[^1]);
    }

    private static string[] Texts(JsonElement parent, string field) => [.. parent.GetProperty(field).EnumerateArray().Select(value => value.GetString()!)];

    private static int[] Ids(JsonElement parent, string field) => [.. parent.GetProperty(field).EnumerateArray().Select(value => value.GetInt32())];

    private static double[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(value => value.GetDouble())];
}
