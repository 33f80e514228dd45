using System.Text.Json;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Tagging from the command line.</summary>
public sealed class CliTaggingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Spans_are_learned_measured_predicted_and_evaluated()
    {
        var model = TinyModel.Write(_folder["model"]);
        string train = Write("spans.jsonl", TaggerTests.Sentences(60)), test = Write("test.jsonl", TaggerTests.Sentences(20, seed: 2));
        var json = (await CliRun.Of("adapt", "--model", model, "--data", train, "--task", "animals", "--library", Library, "--layers", "layer0", "--json")).Ok().Json;
        Assert.Equal(("token-classification", "features", 60), (json.GetProperty("kind").GetString(), json.GetProperty("method").GetString(), json.GetProperty("learnedFromRows").GetInt32()));
        Assert.True(json.GetProperty("crossValidated").GetBoolean());
        Assert.Equal(["animal", "place"], json.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        JsonElement[] methods = [.. json.GetProperty("methods").EnumerateArray()];
        Assert.Equal(2, methods.Length);
        Assert.Equal(3, methods[1].GetProperty("differenceToWords").GetArrayLength());
        Assert.All(methods, method => Assert.InRange(method.GetProperty("value").GetDouble(), 0.7, 1));
        var artifact = TaskLibrary.Open(Library).Load("animals");
        Assert.Equal(methods[1].GetProperty("value").GetDouble(), artifact.Metrics["cross_validated_span_f1"]);
        Assert.Equal(64, Assert.Single(artifact.Training!.Data).Sha256!.Length);

        // Raw text: words are cut by the program, and every column comes back.
        var raw = (await CliRun.With("id,text\n7,The  black cat yes\n8,no\n", default, "predict", "--task", "animals", "--library", Library, "--format", "csv")).Ok().JsonLines;
        var span = Assert.Single(raw[0].GetProperty("spans").EnumerateArray());
        Assert.Equal(("black cat", 5, 14, "animal"), (span.GetProperty("text").GetString(), span.GetProperty("start").GetInt32(), span.GetProperty("end").GetInt32(), span.GetProperty("label").GetString()));
        Assert.InRange(span.GetProperty("score").GetDouble(), 0, 1);
        Assert.Equal("7", raw[0].GetProperty("input").GetProperty("id").GetString());
        Assert.Empty(raw[1].GetProperty("spans").EnumerateArray());

        // Words as they are in the file, with a tag each.
        var words = (await CliRun.Of("predict", "--task", "animals", "--library", Library, "--data", test)).Ok().JsonLines;
        Assert.Equal(20, words.Length);
        Assert.All(words, line => Assert.Equal(line.GetProperty("input").GetProperty("words").GetArrayLength(), line.GetProperty("tags").GetArrayLength()));

        var measured = (await CliRun.Of("evaluate", "--task", "animals", "--library", Library, "--data", test, "--json")).Ok().Json;
        Assert.InRange(measured.GetProperty("spanF1").GetDouble(), 0.8, 1);
        Assert.Equal(2, measured.GetProperty("intervals").GetProperty("spanF1").GetArrayLength());
        Assert.Equal(["animal", "place"], measured.GetProperty("spans").EnumerateArray().Select(kind => kind.GetProperty("label").GetString()));
        Assert.Contains("span-f1", (await CliRun.Of("evaluate", "--task", "animals", "--library", Library, "--data", test)).Ok().Output);
        Assert.Contains("animals", (await CliRun.Of("tasks", "list", "--library", Library)).Ok().Output);
    }

    [Fact]
    public async Task Without_a_model_words_alone_are_read_and_columns_serve_as_well()
    {
        string train = Conll("train.conll", TaggerTests.Sentences(60)), test = Conll("test.conll", TaggerTests.Sentences(20, seed: 2));
        var run = (await CliRun.Of("adapt", "--method", "tfidf", "--data", train, "--test", test, "--task", "animals", "--library", Library)).Ok();
        Assert.Contains("word features", run.Output);
        Assert.Equal("word-features", TaskLibrary.Open(Library).Load("animals").Method);
        var line = Assert.Single((await CliRun.With("red dog\n", default, "predict", "--task", "animals", "--library", Library, "--format", "lines")).Ok().JsonLines);
        Assert.Equal("red dog", Assert.Single(line.GetProperty("spans").EnumerateArray()).GetProperty("text").GetString());
        var piped = File.ReadAllText(Write("piped.jsonl", TaggerTests.Sentences(30)));
        (await CliRun.With(piped, default, "adapt", "--method", "tfidf", "--data", "-", "--kind", "tagging", "--task", "piped", "--library", Library)).Ok();
    }

    [Fact]
    public async Task What_does_not_fit_is_said_in_one_line()
    {
        var train = Write("spans.jsonl", TaggerTests.Sentences(30));
        string[] adapt = ["adapt", "--data", train, "--task", "animals", "--library", Library];
        (await CliRun.Of(adapt)).Ok();
        (await CliRun.Of([.. adapt, "--balanced", "--model", "x"])).Refused("--balanced", "words and tags");
        (await CliRun.Of([.. adapt, "--out-of-scope"])).Refused("--out-of-scope", "words and tags");
        (await CliRun.Of("adapt", "--kind", "tagging", "--task", "x", "--library", Library)).Refused("--data");
        (await CliRun.Of("predict", "--task", "animals", "--library", Library, "--data", train, "--top", "2")).Refused("--top", "spans");
        (await CliRun.Of("evaluate", "--task", "animals", "--library", Library, "--data", train, "--out-of-scope", train)).Refused("--out-of-scope", "spans");
        (await CliRun.Of("evaluate", "--task", "animals", "--library", Library, "--data", train, "--confusion")).Refused("--confusion");
        var bad = _folder["bad.jsonl"];
        File.WriteAllText(bad, """{"words": ["a", "b"], "tags": ["O"]}""");
        (await CliRun.Of("adapt", "--data", bad, "--task", "x", "--library", Library)).Refused("bad.jsonl", "line 1", "2 words but 1 tags");
        File.WriteAllText(bad, """{"words": ["a", "b"], "tags": ["B-other", "O"]}""");
        (await CliRun.Of("evaluate", "--task", "animals", "--library", Library, "--data", bad)).Refused("'other'", "animal");
    }

    private string Write(string name, IEnumerable<TaggedSentence> sentences)
    {
        File.WriteAllLines(_folder[name], sentences.Select(s => JsonSerializer.Serialize(new { words = Enumerable.Range(0, s.Words.Count).Select(s.Word), tags = s.Tags })));
        return _folder[name];
    }

    private string Conll(string name, IEnumerable<TaggedSentence> sentences)
    {
        File.WriteAllText(_folder[name], string.Join("\n\n", sentences.Select(s => string.Join('\n', Enumerable.Range(0, s.Words.Count).Select(w => $"{s.Word(w)}\t{s.Tags![w]}")))));
        return _folder[name];
    }
}
