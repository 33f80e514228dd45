using System.Text.Json;

namespace Polymath.Tests;

/// <summary><c>polymath predict</c> and <c>evaluate</c> with a learned task.</summary>
public sealed class CliPredictTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_keep_their_order_and_their_columns()
    {
        await Learn();
        var data = _folder["rows.csv"];
        File.WriteAllLines(data, ["id,text,remark,label", .. Enumerable.Range(0, 30).Select(i => $"{i},{(i % 3 == 0 ? "good day great song" : "bad day awful song")},\"a, {i}\",")]);
        var lines = (await CliRun.Of("predict", "--task", "mood", "--library", _folder["library"], "--data", data)).Ok().JsonLines;
        Assert.Equal(30, lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            Assert.Equal(i % 3 == 0 ? "plus" : "minus", lines[i].GetProperty("label").GetString());
            Assert.InRange(lines[i].GetProperty("probability").GetDouble(), 0.5, 1);
            Assert.Equal(["label", "probability", "input"], lines[i].EnumerateObject().Select(field => field.Name));
            Assert.Equal([("id", $"{i}"), ("text", i % 3 == 0 ? "good day great song" : "bad day awful song"), ("remark", $"a, {i}"), ("label", "")],
                lines[i].GetProperty("input").EnumerateObject().Select(field => (field.Name, field.Value.GetString()!)));
        }
    }

    [Fact]
    public async Task Standard_input_is_read_as_lines_csv_or_json()
    {
        await Learn();
        string[] task = ["predict", "--task", "mood", "--library", _folder["library"]];
        foreach (var (input, field) in new[]
        {
            ("great happy day\nawful sad day\n", "text"),
            ("text,id\ngreat happy day,7\nawful sad day,8\n", "id"),
            ("{\"text\": \"great happy day\", \"id\": 7}\n{\"text\": \"awful sad day\", \"id\": 8}\n", "id"),
        })
        {
            var lines = (await CliRun.With(input, default, task)).Ok().JsonLines;
            Assert.Equal(["plus", "minus"], lines.Select(line => line.GetProperty("label").GetString()));
            Assert.True(lines[0].GetProperty("input").TryGetProperty(field, out _), input);
        }
    }

    [Fact]
    public async Task The_best_labels_are_shown_and_doubt_abstains()
    {
        await Learn();
        string[] task = ["predict", "--task", "mood", "--library", _folder["library"], "--format", "lines"];
        var line = Assert.Single((await CliRun.With("great happy day\n", default, [.. task, "--top", "2"])).Ok().JsonLines);
        JsonElement[] top = [.. line.GetProperty("top").EnumerateArray()];
        Assert.Equal(["plus", "minus"], top.Select(label => label.GetProperty("label").GetString()));
        Assert.Equal(1, top.Sum(label => label.GetProperty("probability").GetDouble()), 5);
        Assert.Equal(top[0].GetProperty("probability").GetDouble(), line.GetProperty("probability").GetDouble());

        var doubtful = Assert.Single((await CliRun.With("great happy day\n", default, [.. task, "--threshold", "1.01"])).Ok().JsonLines);
        Assert.Equal(JsonValueKind.Null, doubtful.GetProperty("label").ValueKind);
        Assert.True(doubtful.GetProperty("abstained").GetBoolean());
        var sure = Assert.Single((await CliRun.With("great happy day\n", default, [.. task, "--threshold", "0.5"])).Ok().JsonLines);
        Assert.False(sure.TryGetProperty("abstained", out _));
    }

    [Fact]
    public async Task Evaluate_gives_numbers_with_intervals()
    {
        await Learn();
        var test = TinyModel.WriteRows(_folder["test.csv"], 50, seed: 9);
        string[] command = ["evaluate", "--task", "mood", "--library", _folder["library"], "--data", test];
        var json = (await CliRun.Of([.. command, "--json", "--confusion"])).Ok().Json;
        Assert.Equal(50, json.GetProperty("rows").GetInt32());
        foreach (var key in new[] { "accuracy", "macroF1", "mcc", "logLoss", "calibrationError" })
        {
            double[] interval = [.. json.GetProperty("intervals").GetProperty(key).EnumerateArray().Select(end => end.GetDouble())];
            Assert.True(interval is [var low, var high] && low <= high, key);
            if (key != "calibrationError") Assert.InRange(json.GetProperty(key).GetDouble(), interval[0] - 1e-12, interval[1] + 1e-12); // its bootstrap is biased upwards
        }
        int[][] confusion = [.. json.GetProperty("confusion").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.GetInt32()).ToArray())];
        Assert.Equal(50, confusion.Sum(row => row.Sum()));
        Assert.Equal(json.GetProperty("accuracy").GetDouble(), (confusion[0][0] + confusion[1][1]) / 50.0, 12);
        Assert.Equal(["minus", "plus"], json.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("label").GetString()));
        var shown = (await CliRun.Of(command)).Ok().Output;
        Assert.Contains("accuracy", shown);
        Assert.Contains("95 % interval", shown);
    }

    [Theory]
    [InlineData("good day;7", "text;id", ";")]
    [InlineData("good day|7", "text|id", "|")]
    [InlineData("good day\t7", "text\tid", "tab")]
    [InlineData("good day\t7", "text\tid", "\\t")]
    public async Task Columns_are_told_apart_by_the_delimiter_asked_for(string row, string header, string delimiter)
    {
        await Learn();
        File.WriteAllText(_folder["rows.csv"], $"{header}\n{row}\n");
        var line = Assert.Single((await CliRun.Of("predict", "--task", "mood", "--library", _folder["library"], "--data", _folder["rows.csv"], "--delimiter", delimiter)).Ok().JsonLines);
        Assert.Equal([("text", "good day"), ("id", "7")], line.GetProperty("input").EnumerateObject().Select(field => (field.Name, field.Value.GetString()!)));
    }

    [Fact]
    public async Task Bad_rows_are_left_out_on_request_and_counted()
    {
        await Learn();
        var data = _folder["rows.csv"];
        File.WriteAllText(data, "text,label\ngood day,plus\n,plus\nbad day,minus\ntoo,many,fields\n");
        string[] command = ["predict", "--task", "mood", "--library", _folder["library"], "--data", data];
        (await CliRun.Of(command)).Refused("rows.csv, line 3", "column text", "--skip-bad-rows");
        var run = (await CliRun.Of([.. command, "--skip-bad-rows"])).Ok();
        Assert.Equal(2, run.Lines.Length);
        Assert.Contains("2 bad rows were left out; the first: line 3", run.Error);
    }

    private async Task Learn() =>
        (await CliRun.Of("adapt", "--data", TinyModel.WriteRows(_folder["train.csv"], 80), "--task", "mood", "--library", _folder["library"])).Ok();
}
