using System.Text.Json;
using Polymath.Checkpoints;

namespace Polymath.Tests;

/// <summary><c>predict</c> and <c>evaluate</c> with a model's own head, against the reference logits and against rows packed one by one.</summary>
public sealed class CliOwnHeadTests : IDisposable
{
    private static readonly string[] Texts = ["the cat is good", "i hate rain", "a big red horse and a very small bird walk to the sea", "sun", "tea , coffee or milk ?"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("bert-classify")]
    [InlineData("roberta-classify")]
    [InlineData("distilbert-classify")]
    [InlineData("electra-classify")]
    [InlineData("mpnet-classify")]
    public async Task Single_label_heads_give_the_reference_probabilities(string kind)
    {
        var cases = Reference(kind);
        foreach (var (answer, logits) in (await Predict(kind, cases, "--top", "3")).Zip(cases.Logits))
        {
            var expected = Softmax(logits[0]);
            JsonElement[] top = [.. answer.GetProperty("top").EnumerateArray()];
            foreach (var label in top) Assert.Equal(expected[Class(label)], label.GetProperty("probability").GetDouble(), 1e-4);
            Assert.Equal(top.Select(label => label.GetProperty("probability").GetDouble()).OrderDescending(), top.Select(label => label.GetProperty("probability").GetDouble()));
            Assert.Equal(Array.IndexOf(expected, expected.Max()), Class(answer));
        }
    }

    [Fact]
    public async Task A_multi_label_head_gives_every_label_above_the_threshold()
    {
        var cases = Reference("roberta-multi-label");
        foreach (var threshold in new[] { 0.5, 0.2 })
            foreach (var (answer, logits) in (await Predict("roberta-multi-label", cases, "--threshold", $"{threshold}")).Zip(cases.Logits))
            {
                var probabilities = logits[0].Select(z => 1 / (1 + Math.Exp(-z))).ToArray();
                var labels = answer.GetProperty("labels").EnumerateArray().ToDictionary(Class, label => label.GetProperty("probability").GetDouble());
                Assert.Equal(Enumerable.Range(0, 5).Where(k => probabilities[k] >= threshold).Order(), labels.Keys.Order());
                foreach (var (k, probability) in labels) Assert.Equal(probabilities[k], probability, 1e-4);
            }
    }

    [Fact]
    public async Task A_regression_head_gives_numbers_for_single_texts()
    {
        var cases = Reference("bert-regression");
        foreach (var (answer, logits) in (await Predict("bert-regression", cases)).Zip(cases.Logits)) Assert.Equal(logits[0][0], answer.GetProperty("value").GetDouble(), 1e-4);
    }

    [Fact]
    public async Task A_tagger_gives_a_label_for_each_token_with_its_place_in_the_text()
    {
        var cases = Reference("bert-tokens");
        foreach (var (answer, (row, logits)) in (await Predict("bert-tokens", cases)).Zip(Enumerable.Range(0, cases.Ids.Length).Zip(cases.Logits)))
        {
            JsonElement[] tokens = [.. answer.GetProperty("tokens").EnumerateArray()];
            Assert.Equal(cases.Ids[row].Select(id => TinyModel.Words[id]), tokens.Select(token => token.GetProperty("token").GetString()));
            for (var t = 0; t < tokens.Length; t++)
            {
                var expected = Softmax(logits[t]);
                Assert.Equal(Array.IndexOf(expected, expected.Max()), Class(tokens[t]));
                Assert.Equal(expected.Max(), tokens[t].GetProperty("probability").GetDouble(), 1e-4);
            }
        }
        var model = TinyModel.Write(_folder["tagger"], "bert-tokens");
        var one = Assert.Single((await CliRun.With("Good  cats\n", default, "predict", "--model", model)).Ok().JsonLines).GetProperty("tokens");
        Assert.Equal([(0, 4), (6, 10)], one.EnumerateArray().Select(token => (token.GetProperty("start").GetInt32(), token.GetProperty("end").GetInt32())));
    }

    [Fact]
    public async Task A_cross_encoder_scores_pairs_and_is_measured_by_correlation()
    {
        var model = TinyModel.Write(_folder["model"], "bert-regression");
        using var backbone = Backbone.Load(model, new BackboneOptions { WithHead = true });
        var pairs = Texts.Zip(Texts.Skip(1).Append(Texts[0])).ToArray();
        double[] expected = [.. pairs.Select(pair =>
        {
            var encoding = backbone.Tokenizer.Encode(pair.First, pair.Second);
            Assert.Contains(1, encoding.TypeIds);
            return (double)TinyModel.HeadScores(backbone, encoding.Ids, encoding.TypeIds)[0][0];
        })];
        var data = _folder["pairs.tsv"];
        File.WriteAllLines(data, ["text_a\ttext_b\tlabel", .. pairs.Select((pair, i) => $"{pair.First}\t{pair.Second}\t{expected[i] + 0.5}")]);
        var lines = (await CliRun.Of("predict", "--model", model, "--data", data)).Ok().JsonLines;
        for (var i = 0; i < lines.Length; i++) Assert.Equal(expected[i], lines[i].GetProperty("value").GetDouble(), 1e-5);
        Assert.Equal(pairs.Length, lines.Length);
        var json = (await CliRun.Of("evaluate", "--model", model, "--data", data, "--json")).Ok().Json;
        Assert.Equal(0.5, json.GetProperty("rmse").GetDouble(), 1e-4);
        Assert.Equal(1, json.GetProperty("pearson").GetDouble(), 1e-6);
        Assert.Equal(1, json.GetProperty("spearman").GetDouble(), 1e-9);
        File.WriteAllText(data, "text_a\ttext_b\tlabel\ncat\tdog\tsimilar\n");
        (await CliRun.Of("evaluate", "--model", model, "--data", data)).Refused("pairs.tsv, line 2", "similar", "number");
    }

    [Fact]
    public async Task Many_rows_at_once_give_what_rows_alone_give_and_evaluate_counts_them()
    {
        var model = TinyModel.Write(_folder["model"], "bert-classify");
        var data = _folder["rows.csv"];
        string[] texts = [.. Enumerable.Range(0, 150).Select(i => $"{Texts[i % 5]} {TinyModel.Text(Enumerable.Range(20 + i % 90, i % 17))}")];
        using var backbone = Backbone.Load(model, new BackboneOptions { WithHead = true });
        var scores = texts.Select(text => backbone.Tokenizer.Encode(text)).Select(encoding => TinyModel.HeadScores(backbone, encoding.Ids, encoding.TypeIds)[0]).ToArray();
        int[] best = [.. scores.Select(row => Array.IndexOf(row, row.Max()))];
        File.WriteAllLines(data, ["text,label", .. texts.Select((text, i) => $"\"{text}\",LABEL_{(i % 10 == 0 ? (best[i] + 1) % 3 : best[i])}")]);
        var lines = (await CliRun.Of("predict", "--model", model, "--data", data)).Ok().JsonLines;
        Assert.Equal(best, lines.Select(Class));
        for (var i = 0; i < lines.Length; i++) Assert.Equal(Softmax(scores[i]).Max(), lines[i].GetProperty("probability").GetDouble(), 1e-5);
        Assert.Equal(0.9, (await CliRun.Of("evaluate", "--model", model, "--data", data, "--json")).Ok().Json.GetProperty("accuracy").GetDouble(), 12);
    }

    [Fact]
    public async Task What_a_head_cannot_do_is_said()
    {
        var data = _folder["rows.csv"];
        File.WriteAllText(data, "text,label\ngood day,LABEL_0\nbad day,LABEL_7\n");
        (await CliRun.Of("predict", "--model", TinyModel.Write(_folder["mlm"], "bert-mlm"), "--data", data)).Refused("no classification head", "polymath adapt");
        (await CliRun.Of("evaluate", "--model", TinyModel.Write(_folder["multi"], "roberta-multi-label"), "--data", data)).Refused("rows.csv, line 3", "LABEL_7");
        File.WriteAllText(_folder["lists.csv"], "text,labels\ngood day,LABEL_0;LABEL_1\nbad day,\n");
        var several = (await CliRun.Of("evaluate", "--model", _folder["multi"], "--data", _folder["lists.csv"], "--json")).Ok().Json;
        Assert.Equal(2, several.GetProperty("intervals").GetProperty("microF1").GetArrayLength());
        (await CliRun.Of("evaluate", "--model", TinyModel.Write(_folder["tags"], "bert-tokens"), "--data", data)).Refused("one label, several, or a number");
        (await CliRun.Of("evaluate", "--model", TinyModel.Write(_folder["single"], "bert-classify"), "--data", data)).Refused("rows.csv, line 3", "LABEL_7", "LABEL_0, LABEL_1, LABEL_2");
        var cut = (await CliRun.With(string.Join(' ', Enumerable.Repeat("cat", 500)) + "\n", default, "predict", "--model", _folder["single"])).Ok();
        Assert.Contains("1 of 1 rows were longer than 64 tokens and were cut", cut.Error);
        Assert.DoesNotContain("--chunk", cut.Error);
    }

    /// <summary>Writes the reference rows as texts (pairs where there are token types) and predicts them with the folder's head.</summary>
    private async Task<JsonElement[]> Predict(string kind, Cases cases, params string[] options)
    {
        var model = TinyModel.Write(_folder[Guid.NewGuid().ToString()], kind, bare: true);
        var data = _folder["cases.jsonl"];
        File.WriteAllLines(data, cases.Ids.Select((ids, r) =>
        {
            Assert.All(ids, id => Assert.InRange(id, 5, 127));
            var second = cases.Types is null ? -1 : Array.IndexOf(cases.Types[r], 1);
            return JsonSerializer.Serialize(second < 0 ? new Dictionary<string, string> { ["text"] = TinyModel.Text(ids) }
                : new Dictionary<string, string> { ["text"] = TinyModel.Text(ids[..second]), ["pair"] = TinyModel.Text(ids[second..]) });
        }));
        // One file holds either texts or pairs; a reference row of one token has no second part.
        var answers = new List<JsonElement>();
        foreach (var line in File.ReadAllLines(data))
        {
            File.WriteAllText(data, line + "\n");
            var pair = line.Contains("\"pair\"", StringComparison.Ordinal) ? (string[])["--pair-column", "pair"] : [];
            answers.Add(Assert.Single((await CliRun.Of(["predict", "--model", model, "--data", data, .. pair, .. options])).Ok().JsonLines));
        }
        return [.. answers];
    }

    private sealed record Cases(int[][] Ids, int[][]? Types, float[][][] Logits);

    private static Cases Reference(string kind)
    {
        using var file = SafetensorsFile.Open(TestFiles.Golden("models", kind, "cases.safetensors"));
        int[] rows = [.. Enumerable.Range(0, 4)];
        int[][] Read(string part) => [.. rows.Select(r => file.ReadIntegers($"row{r}.{part}").Select(id => (int)id).ToArray())];
        return new Cases(Read("input_ids"), file.Tensors.ContainsKey("row0.token_type_ids") ? Read("token_type_ids") : null,
            [.. rows.Select(r => file.ReadFloats($"row{r}.logits").Chunk((int)file.Info($"row{r}.logits").Shape[^1]).ToArray())]);
    }

    private static int Class(JsonElement answer) => answer.GetProperty("label").GetString()![^1] - '0';

    private static double[] Softmax(float[] logits)
    {
        var powers = logits.Select(z => Math.Exp(z - logits.Max())).ToArray();
        return [.. powers.Select(power => power / powers.Sum())];
    }
}
