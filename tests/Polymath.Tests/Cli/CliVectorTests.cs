using System.Runtime.InteropServices;
using System.Text;
using Parquet.Serialization;
using Polymath.Checkpoints;
using Polymath.Features;

namespace Polymath.Tests;

/// <summary><c>polymath features</c> and <c>search</c>: vectors in files, pictures, nearest rows.</summary>
public sealed class CliVectorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _data;
    private readonly string[] _texts;

    public CliVectorTests()
    {
        _model = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { Normalise = true });
        _data = TinyModel.WriteRows(_folder["rows.csv"], 24);
        _texts = [.. File.ReadLines(_data).Skip(1).Select(line => line.Split(',')[0])];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Three_kinds_of_file_hold_the_sentence_vectors()
    {
        using var backbone = Backbone.Load(_model);
        var expected = backbone.Embed(_texts).SelectMany(vector => vector).ToArray();
        foreach (var ending in new[] { "npy", "safetensors", "parquet" })
        {
            var file = _folder[$"vectors.{ending}"];
            var json = (await CliRun.Of("features", "--model", _model, "--data", _data, "--out", file, "--json")).Ok().Json;
            Assert.Equal((24, TinyModel.Width), (json.GetProperty("rows").GetInt32(), json.GetProperty("width").GetInt32()));
            Assert.Equal((24, 0), (json.GetProperty("computed").GetInt32(), json.GetProperty("stored").GetInt32()));
            var found = ending switch { "npy" => ReadNpy(file), "safetensors" => ReadSafetensors(file), _ => await ReadParquet(file) };
            Assert.Equal(expected.Length, found.Length);
            for (var i = 0; i < found.Length; i++) Assert.Equal(expected[i], found[i], 1e-5);
            Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.tmp"));
        }
    }

    [Fact]
    public async Task A_store_gives_back_what_was_computed()
    {
        string[] Command(string output) => ["features", "--model", _model, "--data", _data, "--layers", "concat2", "--pooling", "max", "--out", output, "--store", _folder["store.db"], "--json"];
        Assert.Equal(24, (await CliRun.Of(Command(_folder["a.npy"]))).Ok().Json.GetProperty("computed").GetInt32());
        var again = (await CliRun.Of(Command(_folder["b.npy"]))).Ok().Json;
        Assert.Equal((0, 24, "max concat2"), (again.GetProperty("computed").GetInt32(), again.GetProperty("stored").GetInt32(), again.GetProperty("features").GetString()));
        Assert.Equal(File.ReadAllBytes(_folder["a.npy"]), File.ReadAllBytes(_folder["b.npy"]));
        Assert.Equal(2 * TinyModel.Width, again.GetProperty("width").GetInt32());
    }

    [Fact]
    public async Task Exploring_writes_a_picture_and_says_how_pure_clusters_are()
    {
        var json = (await CliRun.Of("features", "--model", _model, "--data", _data, "--explore", _folder["map.png"], "--json")).Ok().Json.GetProperty("exploration");
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], File.ReadAllBytes(_folder["map.png"])[..4]);
        Assert.Equal(2, json.GetProperty("clusters").GetInt32());
        Assert.InRange(json.GetProperty("purity").GetDouble(), 0.5, 1);
        Assert.Equal(0.5, json.GetProperty("majority").GetDouble());
        Assert.InRange(json.GetProperty("explainedVariance").GetDouble(), 0.05, 1);
        (await CliRun.Of("features", "--model", _model, "--data", _data, "--explore", _folder["map.jpg"])).Refused("map.jpg", ".png");
        (await CliRun.Of("features", "--model", _model, "--data", _data)).Refused("--out", "--explore");
    }

    [Fact]
    public async Task Search_finds_the_row_itself_first_and_orders_by_cosine()
    {
        using var backbone = Backbone.Load(_model);
        var vectors = backbone.Embed(_texts);
        var query = _texts[7];
        var lines = (await CliRun.Of("search", "--model", _model, "--data", _data, "--top", "5", "--json", query)).Ok().JsonLines;
        Assert.Equal(5, lines.Length);
        Assert.Equal((query, 9L, 1.0), (lines[0].GetProperty("text").GetString(), lines[0].GetProperty("line").GetInt64(), Math.Round(lines[0].GetProperty("score").GetDouble(), 5)));
        var expected = Enumerable.Range(0, 24).OrderByDescending(i => vectors[i].Zip(vectors[7], (a, b) => a * b).Sum()).Take(5).Select(i => _texts[i]);
        Assert.Equal(expected, lines.Select(line => line.GetProperty("text").GetString()));
        Assert.Contains("[plus]", (await CliRun.Of("search", "--model", _model, "--data", _data, "--top", "24", query)).Ok().Output);
    }

    private static float[] ReadNpy(string file)
    {
        var bytes = File.ReadAllBytes(file);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], bytes[..8]);
        var length = bytes[8] | bytes[9] << 8;
        Assert.Equal(0, (10 + length) % 64);
        var header = Encoding.ASCII.GetString(bytes, 10, length);
        Assert.Equal($"{{'descr': '<f4', 'fortran_order': False, 'shape': (24, {TinyModel.Width}), }}", header.TrimEnd());
        Assert.EndsWith("\n", header);
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(10 + length)).ToArray();
    }

    private static float[] ReadSafetensors(string file)
    {
        using var opened = SafetensorsFile.Open(file);
        Assert.Equal([24L, TinyModel.Width], opened.Info("vectors").Shape);
        return opened.ReadFloats("vectors");
    }

    private async Task<float[]> ReadParquet(string file)
    {
        using var stream = File.OpenRead(file);
        var rows = (await ParquetSerializer.DeserializeAsync<VectorWriter.Record>(stream)).Data;
        Assert.Equal(_texts, rows.Select(row => row.Text));
        Assert.Equal(["minus", "plus"], rows.Select(row => row.Label).Distinct().Order());
        return [.. rows.SelectMany(row => row.Vector)];
    }
}
