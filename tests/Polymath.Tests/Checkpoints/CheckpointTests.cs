using System.Text.Json;
using Polymath.Checkpoints;

namespace Polymath.Tests;

public class CheckpointTests
{
    [Fact]
    public void A_folder_and_its_file_hold_the_same_tensors()
    {
        using var folder = Checkpoint.Open(TestFiles.Golden("models", "bert-classify"));
        using var file = Checkpoint.Open(TestFiles.Golden("models", "bert-classify", "model.safetensors"));
        Assert.NotEmpty(folder.Names);
        Assert.Equal(file.Names, folder.Names);
        Assert.Equal("pt", folder.Metadata["format"]);
        Assert.True(folder.Contains("classifier.weight"));
        Assert.False(folder.Contains("classifier"));
        using var tensor = folder.Read("classifier.weight");
        Assert.Equal(folder.Info("classifier.weight").Shape, tensor.shape);
    }

    [Fact]
    public void Shards_are_found_by_the_index()
    {
        using var folder = Sharded(("a", "model-00001-of-00002.safetensors"), ("b", "model-00002-of-00002.safetensors"));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(["a", "b"], checkpoint.Names);
        Assert.Equal([1], checkpoint.ReadFloats("a"));
        Assert.Equal([2], checkpoint.ReadFloats("b"));
        Assert.Equal(2, checkpoint.Files.Count);
        Assert.Contains("no tensor 'c' among its 2", Assert.Throws<PolymathException>(() => checkpoint.Read("c")).Message);
    }

    [Fact]
    public void A_single_file_wins_over_an_index()
    {
        using var folder = Sharded(("a", "model-00001-of-00002.safetensors"));
        SafetensorsWriter.Write(folder["model.safetensors"], [StoredTensor.Of("whole", [5f])]);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(["whole"], checkpoint.Names);
    }

    [Theory]
    [InlineData("c", "model-00001-of-00002.safetensors", "tensor 'c' is said to be in model-00001-of-00002.safetensors, but is not there")]
    [InlineData("a", "model-00002-of-00002.safetensors", "tensor 'a' is said to be in model-00002-of-00002.safetensors, but is not there")]
    [InlineData("c", "missing.safetensors", "missing.safetensors: there is no such file")]
    [InlineData("c", "../model.safetensors", "'../model.safetensors', where the name of a file beside the index was expected")]
    [InlineData("c", "..", "where the name of a file beside the index was expected")]
    [InlineData("c", "sub/model.safetensors", "where the name of a file beside the index was expected")]
    [InlineData("c", "sub\\model.safetensors", "where the name of a file beside the index was expected")]
    [InlineData("c", "C:model.safetensors", "where the name of a file beside the index was expected")]
    [InlineData("c", "/etc/passwd", "where the name of a file beside the index was expected")]
    [InlineData("c", "", "where the name of a file beside the index was expected")]
    public void A_wrong_entry_of_the_index_is_named(string tensor, string file, string expected)
    {
        using var folder = Sharded(("a", "model-00001-of-00002.safetensors"), ("b", "model-00002-of-00002.safetensors"));
        WriteIndex(folder, new() { [tensor] = file });
        Assert.Contains(expected, Assert.Throws<PolymathException>(() => Checkpoint.Open(folder.Path)).Message);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "has no object 'weight_map'")]
    [InlineData("{}", "has no object 'weight_map'")]
    [InlineData("""{"weight_map":["a"]}""", "has no object 'weight_map'")]
    [InlineData("""{"weight_map":{}}""", "names no tensors")]
    [InlineData("""{"weight_map":{"a":1}}""", "tensor 'a' is said to be in '1'")]
    [InlineData("""{"weight_map":{"a":"x","a":"y"}}""", "Duplicate property 'a'")]
    [InlineData("""{"weight_map":{"a":"\ud800"}}""", "not valid JSON")]
    public void A_broken_index_is_one_line(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["model.safetensors.index.json"], json);
        string message = Assert.Throws<PolymathException>(() => Checkpoint.Open(folder.Path)).Message;
        Assert.Contains(expected, message);
        Assert.StartsWith(folder["model.safetensors.index.json"], message);
    }

    [Fact]
    public void A_folder_without_weights_says_what_was_expected()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("expected one of model.safetensors, model.safetensors.index.json, pytorch_model.bin", Assert.Throws<PolymathException>(() => Checkpoint.Open(folder.Path)).Message);
        Assert.Contains("there is no such folder or file", Assert.Throws<PolymathException>(() => Checkpoint.Open(folder["nowhere"])).Message);
    }

    private static TemporaryFolder Sharded(params (string Tensor, string File)[] shards)
    {
        var folder = new TemporaryFolder();
        for (int i = 0; i < shards.Length; i++) SafetensorsWriter.Write(folder[shards[i].File], [StoredTensor.Of(shards[i].Tensor, [i + 1f])]);
        WriteIndex(folder, shards.ToDictionary(shard => shard.Tensor, shard => shard.File));
        return folder;
    }

    private static void WriteIndex(TemporaryFolder folder, Dictionary<string, string> map) =>
        File.WriteAllText(folder["model.safetensors.index.json"], JsonSerializer.Serialize(new { metadata = new { total_size = 8 }, weight_map = map }));
}
