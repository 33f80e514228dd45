using System.Text;
using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Whatever is wrong with a file, a model or a place: one line, exit code 2, and the library as it was.</summary>
public sealed class CliBadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, byte[], string[]> Files => new()
    {
        { "empty.csv", [], ["empty.csv", "empty"] },
        { "header.csv", Utf8("text,label\n"), ["header.csv", "no rows"] },
        { "unlabelled.csv", Utf8("text,remark\ngood day,x\n"), ["unlabelled.csv", "no label column", "text, remark", "--label-column"] },
        { "textless.csv", Utf8("a,b,label\n1,2,plus\n"), ["textless.csv", "--text-column"] },
        { "semicolon.csv", Utf8("text;label\ngood day;plus\n"), ["semicolon.csv, line 1", "--delimiter \";\""] },
        { "tabs.csv", Utf8("text\tlabel\ngood day\tplus\n"), ["tabs.csv, line 1", "--format tsv"] },
        { "latin1.csv", [.. Utf8("text,label\ngood,plus\ncaf"), 0xE9, .. Utf8(",minus\n")], ["latin1.csv, line 3, byte 4", "invalid UTF-8"] },
        { "nul.csv", Utf8("text,label\ngood,plus\nba\0d,minus\n"), ["nul.csv, line 3, byte 3", "NUL"] },
        { "one-class.csv", Utf8("text,label\ngood,plus\nbad,plus\n"), ["one-class.csv", "every row has the label 'plus'", "two classes"] },
        { "one-each.csv", Utf8("text,label\ngood,plus\nbad,minus\n"), ["--test"] },
        { "quote.csv", Utf8("text,label\n\"good,plus\nbad,minus\n"), ["quote.csv, line 2", "quote"] },
        { "fields.csv", Utf8("text,label\ngood,plus\nbad,day,minus\n"), ["fields.csv, line 3", "3 fields", "expected 2"] },
        { "nolabel.csv", Utf8("text,label\ngood,plus\nbad,\n"), ["nolabel.csv, line 3", "label is empty"] },
        { "broken.jsonl", Utf8("{\"text\": \"good\", \"label\": \"plus\"}\n{\"text\": \"bad\", \n"), ["broken.jsonl, line 2", "invalid JSON"] },
        { "list.jsonl", Utf8("[1, 2]\n"), ["list.jsonl, line 1", "expected an object"] },
        { "torn.csv.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4], ["torn.csv.gz"] },
        { "plain.csv.gz", Utf8("text,label\ngood,plus\n"), ["plain.csv.gz"] },
        { "torn.parquet", Utf8("PAR1 and then nothing of the kind"), ["torn.parquet"] },
        { "wordless.csv", Utf8("text,label\n!!!,plus\n???,minus\n...,plus\n---,minus\n!?,plus\n?!,minus\n"), ["words"] },
    };

    [Theory, MemberData(nameof(Files))]
    public async Task A_bad_file_is_named_and_nothing_changes(string name, byte[] bytes, string[] words)
    {
        var before = await LearnFirst();
        File.WriteAllBytes(_folder[name], bytes);
        // Notes about the data may come first; the fault is the last line and the only one that begins with the program's name.
        var run = await CliRun.Of("adapt", "--data", _folder[name], "--task", "second", "--library", Library);
        (run with { Error = run.Error[Math.Max(0, run.Error.IndexOf("polymath: ", StringComparison.Ordinal))..] }).Refused(words);
        Assert.Equal(before, Snapshot(Library));
    }

    [Fact]
    public async Task Test_files_and_rows_to_measure_on_are_checked_too()
    {
        var before = await LearnFirst();
        var train = TinyModel.WriteRows(_folder["train.csv"], 40);
        string[] adapt = ["adapt", "--data", train, "--task", "second", "--library", Library, "--test"], evaluate = ["evaluate", "--task", "first", "--library", Library, "--data"];
        File.WriteAllText(_folder["strange.csv"], "text,label\ngood,plus\nso so,middling\n");
        File.WriteAllText(_folder["empty.csv"], "");
        File.WriteAllText(_folder["header.csv"], "text,label\n");
        foreach (var command in new[] { adapt, evaluate })
        {
            (await CliRun.Of([.. command, _folder["strange.csv"]])).Refused("strange.csv, line 3", "'middling'", "minus, plus");
            (await CliRun.Of([.. command, _folder["empty.csv"]])).Refused("empty.csv", "empty");
            (await CliRun.Of([.. command, _folder["header.csv"]])).Refused("header.csv", "no rows");
            (await CliRun.Of([.. command, _folder["nowhere.csv"]])).Refused("nowhere.csv", "no such file");
            (await CliRun.Of([.. command, _folder.Path])).Refused(_folder.Path, "folder");
        }
        Assert.Equal(before, Snapshot(Library));
        (await CliRun.With("", default, "adapt", "--data", "-", "--task", "second", "--library", Library)).Refused("standard input");
        Assert.Equal("", (await CliRun.With("", default, "predict", "--task", "first", "--library", Library)).Refused("standard input").Output);
    }

    [Fact]
    public async Task A_text_of_100_000_characters_is_cut_and_said_or_split_and_said()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var text = string.Join(' ', Enumerable.Range(0, 25_000).Select(i => TinyModel.Words[56 + i % 70]))[..100_000];
        File.WriteAllLines(_folder["rows.csv"], ["text", text, "good day"]);
        string[] command = ["features", "--model", model, "--data", _folder["rows.csv"], "--json", "--out"];
        var cut = (await CliRun.Of([.. command, _folder["cut.npy"]])).Ok();
        Assert.Contains("1 of 2 rows were longer than 64 tokens and were cut; --chunk reads them whole", cut.Error);
        var split = (await CliRun.Of([.. command, _folder["split.npy"], "--chunk"])).Ok();
        Assert.Contains("1 of 2 rows were longer than 64 tokens and were split", split.Error);
        Assert.True(split.Json.GetProperty("computed").GetInt32() > 400);
        Assert.NotEqual(File.ReadAllBytes(_folder["cut.npy"]), File.ReadAllBytes(_folder["split.npy"]));
    }

    [Fact]
    public async Task A_broken_model_folder_is_named()
    {
        var data = TinyModel.WriteRows(_folder["train.csv"], 20);
        async Task Broken(string name, Action<string> breakIt, params string[] words)
        {
            var model = TinyModel.Write(_folder[name], "bert-mlm", bare: true);
            breakIt(model);
            (await CliRun.Of("adapt", "--model", model, "--data", data, "--task", "x", "--library", Library)).Refused(words);
            (await CliRun.Of("models", "show", model)).Refused(words);
            Assert.False(Directory.Exists(Library));
        }
        string Weights(string model) => Path.Combine(model, "model.safetensors");
        await Broken("truncated", model => Cut(Weights(model), 0.5), "model.safetensors");
        await Broken("headerless", model => Cut(Weights(model), 0.0001), "model.safetensors");
        await Broken("empty", model => File.WriteAllBytes(Weights(model), []), "model.safetensors");
        await Broken("lying", model => Patch(Weights(model), "\"data_offsets\":[0,", "\"data_offsets\":[9,"), "model.safetensors");
        await Broken("huge", model =>
        {
            var bytes = File.ReadAllBytes(Weights(model));
            BitConverter.TryWriteBytes(bytes, long.MaxValue);
            File.WriteAllBytes(Weights(model), bytes);
        }, "model.safetensors");
        await Broken("misshapen", model => TinyModel.ChangeWeights(model, tensor => tensor.Name.EndsWith("1.output.dense.weight", StringComparison.Ordinal) ? tensor with { Shape = [64, 32] } : tensor), "1.output.dense.weight", "[32, 64]");
        await Broken("integers", model => TinyModel.ChangeWeights(model, tensor => tensor.Name.EndsWith("0.output.dense.bias", StringComparison.Ordinal) ? StoredTensor.Of(tensor.Name, new long[32], 32) : tensor), "0.output.dense.bias", "I64");
        await Broken("tokenizer", model => Cut(Path.Combine(model, "tokenizer.json"), 0.7), "tokenizer.json");
        await Broken("unknown-part", model => Patch(Path.Combine(model, "tokenizer.json"), "BertPreTokenizer", "MagicPreTokenizer"), "tokenizer.json", "MagicPreTokenizer");
        await Broken("pickle", model => File.Move(Weights(model), Path.Combine(model, "pytorch_model.bin")), "pytorch_model.bin", "not a file of torch.save");
        (await CliRun.Of("adapt", "--model", _folder["nowhere"], "--data", data, "--task", "x", "--library", Library)).Refused("nowhere", "no such folder");
    }

    [Fact]
    public async Task Options_that_do_not_fit_the_model_are_refused()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        string[] adapt = ["adapt", "--model", model, "--data", TinyModel.WriteRows(_folder["train.csv"], 20), "--task", "x", "--library", Library];
        (await CliRun.Of([.. adapt, "--layers", "top9"])).Refused("top9", "0 (embeddings) to 3");
        (await CliRun.Of([.. adapt, "--layers", "layer4"])).Refused("layer4", "to 3");
        (await CliRun.Of([.. adapt, "--max-tokens", "1"])).Refused("1", "token");
        (await CliRun.Of([.. adapt, "--max-tokens", "2"])).Refused("2", "token");
        (await CliRun.Of([.. adapt, "--max-tokens", "2", "--chunk"])).Refused("2", "token");
        (await CliRun.Of([.. adapt, "--prompt", "query"])).Refused("'query'", "none");
        Assert.False(Directory.Exists(Library));
    }

    [Fact]
    public async Task A_task_is_refused_on_another_model_and_under_another_name()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var data = TinyModel.WriteRows(_folder["train.csv"], 20);
        (await CliRun.Of("adapt", "--model", model, "--data", data, "--task", "mood", "--library", Library, "--layers", "last")).Ok();
        var before = Snapshot(Library);
        (await CliRun.Of("predict", "--task", "mood", "--library", Library, "--data", data, "--model", TinyModel.Write(_folder["other"], "bert-classify"))).Refused("mood", "other");
        (await CliRun.Of("evaluate", "--task", "mood", "--library", Library, "--data", data, "--model", TinyModel.Write(_folder["third"], "roberta-mlm"))).Refused("mood", "third");
        (await CliRun.Of("predict", "--task", "moods", "--library", Library, "--data", data)).Refused("moods");
        (await CliRun.Of("predict", "--task", "mood", "--library", _folder["elsewhere"], "--data", data)).Refused("mood", "elsewhere");
        (await CliRun.Of("adapt", "--data", data, "--task", "MOOD", "--library", Library)).Refused("MOOD", "mood");
        Directory.Delete(model, recursive: true);
        (await CliRun.Of("predict", "--task", "mood", "--library", Library, "--data", data)).Refused(model, "no such folder");
        Assert.Equal(before, Snapshot(Library));
    }

    [Fact]
    public async Task Places_that_cannot_be_written_to_are_said_before_the_work_is_lost()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var data = TinyModel.WriteRows(_folder["train.csv"], 20);
        File.WriteAllText(_folder["file"], "not a folder");
        var below = Path.Combine(_folder["file"], "below");
        (await CliRun.Of("adapt", "--data", data, "--task", "x", "--library", below)).Refused(below, "is a file");
        (await CliRun.Of("adapt", "--data", data, "--task", "x", "--library", _folder["file"])).Refused("is a file");
        (await CliRun.Of("features", "--model", model, "--data", data, "--out", Path.Combine(below, "x.npy"))).Refused("x.npy", "cannot be written");
        (await CliRun.Of("features", "--model", model, "--data", data, "--out", _folder["x.txt"])).Refused(".txt", ".npy, .safetensors or .parquet");
        (await CliRun.Of("features", "--model", model, "--data", data, "--explore", Path.Combine(below, "x.png"))).Refused("x.png", "cannot be written");
        (await CliRun.Of("features", "--model", model, "--data", data, "--out", _folder["x.npy"], "--store", Path.Combine(below, "s.db"))).Refused("s.db");
        (await CliRun.Of("features", "--model", model, "--data", data, "--out", _folder["x.npy"], "--store", data)).Refused("train.csv", "not a feature store");
        Directory.CreateDirectory(_folder["taken.npy"]);
        (await CliRun.Of("features", "--model", model, "--data", data, "--out", _folder["taken.npy"])).Refused("taken.npy", "cannot be written");
        Assert.Equal("not a folder", File.ReadAllText(_folder["file"]));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.tmp"));
    }

    [Fact]
    public void A_disk_that_fails_leaves_the_library_as_it_was()
    {
        LearnedTask task = Adaptation.TfidfBaseline.Learn("second", [.. Enumerable.Range(0, 8).Select(i => new Row(i % 2 == 0 ? "good great day" : "bad awful night") { Label = i % 2 == 0 ? "plus" : "minus" })]);
        Adaptation.TfidfBaseline.Learn("first", [.. Enumerable.Range(0, 8).Select(i => new Row(i % 2 == 0 ? "good great day" : "bad awful night") { Label = i % 2 == 0 ? "plus" : "minus" })]).Save(Library);
        foreach (var step in new[] { Native.DiskStep.Write, Native.DiskStep.Flush, Native.DiskStep.Rename })
        {
            var error = Assert.Throws<PolymathException>(() => task.Save(Library, new FullDisk(step)));
            Assert.DoesNotContain('\n', error.Message);
            Assert.Contains("No space left", error.Message);
            Assert.Equal("first", Assert.Single(TaskLibrary.Open(Library).Tasks).Name);
        }
        task.Save(Library);
        Assert.Equal(["first", "second"], TaskLibrary.Open(Library).Tasks.Select(summary => summary.Name));
    }

    [Fact]
    public async Task A_damaged_library_is_named_before_the_work()
    {
        await LearnFirst();
        var data = TinyModel.WriteRows(_folder["train.csv"], 20);
        var head = Directory.EnumerateFiles(Library, "*.safetensors", SearchOption.AllDirectories).First();
        var whole = File.ReadAllBytes(head);
        Cut(head, 0.6);
        (await CliRun.Of("predict", "--task", "first", "--library", Library, "--data", data)).Refused(Path.GetFileName(head));
        File.WriteAllBytes(head, whole);
        (await CliRun.Of("predict", "--task", "first", "--library", Library, "--data", data)).Ok();
        File.WriteAllText(Path.Combine(Library, "library.json"), "{");
        (await CliRun.Of("adapt", "--data", data, "--task", "second", "--library", Library)).Refused("library.json");
        (await CliRun.Of("predict", "--task", "first", "--library", Library, "--data", data)).Refused("library.json");
        (await CliRun.Of("tasks", "list", "--library", Library)).Refused("library.json");
    }

    private async Task<string> LearnFirst()
    {
        (await CliRun.Of("adapt", "--data", TinyModel.WriteRows(_folder["first.csv"], 40), "--task", "first", "--library", Library)).Ok();
        return Snapshot(Library);
    }

    /// <summary>Every file below a folder with a hash of its bytes.</summary>
    private static string Snapshot(string folder) => JsonSerializer.Serialize(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .ToDictionary(file => Path.GetRelativePath(folder, file), file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))));

    private static void Cut(string file, double share) => File.WriteAllBytes(file, File.ReadAllBytes(file)[..(int)(new FileInfo(file).Length * share)]);

    private static void Patch(string file, string from, string to)
    {
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(file));
        Assert.Contains(from, text);
        File.WriteAllBytes(file, Encoding.Latin1.GetBytes(text.Replace(from, to, StringComparison.Ordinal)));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A disk that is full from one kind of step on.</summary>
    private sealed class FullDisk(Native.DiskStep at) : Native.Disk
    {
        public override void Reached(Native.DiskStep step, string path)
        {
            if (step == at) throw new IOException("No space left on device");
        }
    }
}
