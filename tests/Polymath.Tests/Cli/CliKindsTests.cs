using System.Text.Json;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Several labels a row, numbers and pairs: adapt, predict and evaluate, with words and with a backbone.</summary>
public sealed class CliKindsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, "csv")]
    [InlineData(true, "jsonl")]
    public async Task Several_labels_a_row(bool withModel, string format)
    {
        string train = WriteLabels($"train.{format}", 120, 1), test = WriteLabels($"test.{format}", 40, 2);
        var adapted = await Adapt(withModel, train, test);
        Assert.Contains("recognised as multi-label", adapted.Error);
        Assert.Contains("3 labels", adapted.Error);
        var json = adapted.Json;
        Assert.Equal(("multi-label", "micro-f1"), (json.GetProperty("kind").GetString(), json.GetProperty("metric").GetString()));
        JsonElement[] methods = [.. json.GetProperty("methods").EnumerateArray()];
        Assert.Equal("commonest label", methods[0].GetProperty("method").GetString());
        var score = methods[^1].GetProperty("value").GetDouble();
        Assert.True(score > 0.85, $"{score}");
        Assert.Equal(3, TaskLibrary.Open(Library).Load("task").Thresholds!.Count);

        var measured = (await Run("evaluate", "--data", test, "--json")).Json;
        Assert.Equal(score, measured.GetProperty("microF1").GetDouble());
        Assert.Equal(2, measured.GetProperty("intervals").GetProperty("labelRanking").GetArrayLength());
        Assert.Equal(3, measured.GetProperty("labels").GetArrayLength());
        Assert.Contains("hamming-loss", (await Run("evaluate", "--data", test)).Output);
        (await CliRun.Of("evaluate", "--task", "task", "--library", Library, "--data", test, "--confusion")).Refused("--confusion", "multi-label");

        File.WriteAllLines(_folder["new.txt"], ["rain cat coffee", "the house"]);
        var predicted = (await Run("predict", "--data", _folder["new.txt"], "--top", "3")).JsonLines;
        Assert.Contains("animal", predicted[0].GetProperty("labels").EnumerateArray().Select(label => label.GetProperty("label").GetString()));
        Assert.Equal(["animal", "drink", "weather"], predicted[0].GetProperty("top").EnumerateArray().Select(label => label.GetProperty("label").GetString()).Order());
        Assert.Equal(3, predicted[1].GetProperty("top").GetArrayLength());
        Assert.Empty((await Run("predict", "--data", _folder["new.txt"], "--threshold", "1.01")).JsonLines[0].GetProperty("labels").EnumerateArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Numbers(bool withModel)
    {
        string train = WriteValues("train.csv", 120, 1), test = WriteValues("test.csv", 40, 2);
        var adapted = await Adapt(withModel, train, null);
        Assert.Contains("recognised as regression", adapted.Error);
        Assert.Contains("120 rows, numbers from", adapted.Error);
        JsonElement[] methods = [.. adapted.Json.GetProperty("methods").EnumerateArray()];
        Assert.Equal("mean value", methods[0].GetProperty("method").GetString());
        Assert.Equal("spearman", adapted.Json.GetProperty("metric").GetString());
        var measured = (await Run("evaluate", "--data", test, "--json")).Json;
        Assert.True(measured.GetProperty("spearman").GetDouble() > 0.9, measured.ToString());
        Assert.True(measured.GetProperty("mae").GetDouble() < 1, measured.ToString());
        Assert.False(measured.TryGetProperty("classes", out _));
        var predicted = (await Run("predict", "--data", test)).JsonLines;
        Assert.Equal(40, predicted.Length);
        Assert.Equal(JsonValueKind.Number, predicted[0].GetProperty("value").ValueKind);
        Assert.True(predicted[0].GetProperty("input").TryGetProperty("value", out _));
        (await CliRun.Of("predict", "--task", "task", "--library", Library, "--data", test, "--threshold", "0.5")).Refused("--threshold", "number");
        Assert.Contains("regression", (await CliRun.Of("tasks", "list", "--library", Library)).Ok().Output);
        File.WriteAllText(_folder["bad.csv"], "text,value\na,1\nb,two\n");
        (await CliRun.Of("evaluate", "--task", "task", "--library", Library, "--data", _folder["bad.csv"])).Refused("bad.csv, line 3, column value");
    }

    [Theory]
    [InlineData(false, "label")]
    [InlineData(true, "label")]
    [InlineData(false, "value")]
    [InlineData(true, "value")]
    public async Task Pairs(bool withModel, string column)
    {
        string train = WritePairs("train.csv", 150, 1, column), test = WritePairs("test.csv", 50, 2, column);
        var adapted = await Adapt(withModel, train, null);
        Assert.Contains("150 pairs", adapted.Error);
        Assert.Contains("groups are never split", adapted.Error);
        Assert.StartsWith("siamese", adapted.Json.GetProperty("pairs").GetString());
        var measured = (await Run("evaluate", "--data", test, "--json")).Json;
        if (column == "label") Assert.True(measured.GetProperty("accuracy").GetDouble() > 0.85 && measured.GetProperty("auroc").GetDouble() > 0.9, measured.ToString());
        else Assert.True(measured.GetProperty("spearman").GetDouble() > 0.7, measured.ToString());
        var predicted = (await Run("predict", "--data", test)).JsonLines;
        Assert.Equal(50, predicted.Length);
        Assert.True(predicted[0].TryGetProperty(column == "label" ? "probability" : "value", out _));
        File.WriteAllLines(_folder["single.csv"], ["text", "cat"]);
        (await CliRun.Of("predict", "--task", "task", "--library", Library, "--data", _folder["single.csv"])).Refused("line 2", "compares two");
    }

    [Fact]
    public async Task Kinds_encodings_and_metrics_are_said_and_refused()
    {
        var values = WriteValues("values.csv", 60, 1);
        string[] adapt = ["adapt", "--task", "task", "--library", Library, "--data"];
        var run = (await CliRun.Of([.. adapt, WriteLabels("labels.csv", 60, 1), "--metric", "label-ranking"])).Ok();
        Assert.Contains("label-ranking, %", run.Output);
        (await CliRun.Of([.. adapt, values, "--metric", "accuracy"])).Refused("metric accuracy", "regression", "spearman");
        (await CliRun.Of([.. adapt, TinyModel.WriteRows(_folder["classes.csv"], 40), "--metric", "spearman"])).Refused("metric spearman", "2 classes");
        (await CliRun.Of([.. adapt, TinyModel.WriteRows(_folder["words.csv"], 40), "--kind", "regression"])).Refused("words.csv, line 2, column label", "not a number");
        var classes = (await CliRun.Of([.. adapt, values, "--kind", "classification", "--json"])).Ok();
        Assert.Equal("classification", classes.Json.GetProperty("kind").GetString());
        var pairs = WritePairs("pairs.csv", 60, 1, "label");
        Assert.Equal("joint", (await CliRun.Of([.. adapt, pairs, "--pairs", "joint", "--json"])).Ok().Json.GetProperty("pairs").GetString());
        var model = TinyModel.Write(_folder["model"]);
        (await CliRun.Of([.. adapt, values, "--model", model, "--head", "lda"])).Refused("--head", "regression");
        (await CliRun.Of([.. adapt, values, "--model", model, "--layers", "last", "--group-column", "none"])).Refused("no column 'none'");
    }

    private async Task<CliRun> Adapt(bool withModel, string train, string? test)
    {
        string[] model = withModel ? ["--model", TinyModel.Write(_folder["model"])] : [];
        return (await CliRun.Of(["adapt", "--task", "task", "--library", Library, "--data", train, "--json", .. test is null ? Array.Empty<string>() : ["--test", test], .. model])).Ok();
    }

    private async Task<CliRun> Run(string verb, params string[] more) => (await CliRun.Of([verb, "--task", "task", "--library", Library, .. more])).Ok();

    /// <summary>A label for each kind of word that a text holds; some texts hold none.</summary>
    private string WriteLabels(string name, int rows, int seed)
    {
        (string Label, string[] Words)[] topics = [("animal", ["cat", "dog", "bird"]), ("weather", ["rain", "snow", "wind"]), ("drink", ["tea", "coffee", "milk"])];
        var random = new Random(seed);
        var lines = Enumerable.Range(0, rows).Select(_ =>
        {
            var chosen = topics.Where(_ => random.Next(2) == 0).ToArray();
            var text = string.Join(' ', chosen.Select(topic => topic.Words[random.Next(3)]).Append(TinyModel.Words[random.Next(78, 84)]).OrderBy(_ => random.Next()));
            return name.EndsWith("csv", StringComparison.Ordinal) ? $"{text},{string.Join(';', chosen.Select(topic => topic.Label))}"
                : JsonSerializer.Serialize(new { text, labels = chosen.Select(topic => topic.Label) });
        });
        File.WriteAllLines(_folder[name], name.EndsWith("csv", StringComparison.Ordinal) ? lines.Prepend("text,labels") : lines);
        return _folder[name];
    }

    /// <summary>Each word of a text adds to its number.</summary>
    private string WriteValues(string name, int rows, int seed)
    {
        var random = new Random(seed);
        (string Word, double Worth)[] words = [("good", 1), ("great", 2), ("bad", -1), ("awful", -2), ("house", 0), ("tree", 0)];
        File.WriteAllLines(_folder[name], Enumerable.Range(0, rows).Select(_ =>
        {
            var chosen = Enumerable.Range(0, 4).Select(_ => words[random.Next(6)]).ToArray();
            return $"{string.Join(' ', chosen.Select(word => word.Word))},{chosen.Sum(word => word.Worth)}";
        }).Prepend("text,value"));
        return _folder[name];
    }

    /// <summary>Pairs are alike where they share their first word, or to the degree that they share words; pairs of one first word are a group.</summary>
    private string WritePairs(string name, int rows, int seed, string column)
    {
        var random = new Random(seed);
        string Word() => TinyModel.Words[60 + random.Next(24)];
        File.WriteAllLines(_folder[name], Enumerable.Range(0, rows).Select(i =>
        {
            string first = Word(), second = Word(), other = column == "label" ? (i % 2 == 0 ? first : Word()) : i % 3 > 0 ? first : Word(), last = i % 3 > 1 ? second : Word();
            var truth = column == "label" ? (first == other ? "1" : "0") : $"{(first == other ? 1 : 0) + (second == last ? 1 : 0)}";
            return column == "label" ? $"{first} is,{other} was,{truth},g{i / 3}" : $"{first} {second},{other} {last},{truth},g{i / 3}";
        }).Prepend($"text_a,text_b,{column},group"));
        return _folder[name];
    }
}
