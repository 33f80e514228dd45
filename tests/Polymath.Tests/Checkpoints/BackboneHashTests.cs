using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Native;

namespace Polymath.Tests;

public sealed class BackboneHashTests : IDisposable
{
    private static readonly Dictionary<string, string> Config = new() { ["model_type"] = "bert", ["layer_norm_eps"] = "1e-12" };
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_hash_of_a_known_model_never_changes()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Golden("models", "bert-classify"));
        // Tasks on users' disks remember such values.
        Assert.Equal("6b09dcd136a767ec80914a5d8f51a06ddc5a7018b0748d39985891dca77892b2", BackboneHash.Compute(checkpoint, Config));
    }

    [Fact]
    public void Shards_order_and_metadata_do_not_matter()
    {
        StoredTensor a = StoredTensor.Of("a", [1f, 2f]), b = StoredTensor.Of("b", [3L]);
        string whole = Hash([a, b]);
        Assert.Matches("^[0-9a-f]{64}$", whole);
        Assert.Equal(whole, Hash([b, a], new() { ["format"] = "pt" }));
        SafetensorsWriter.Write(_folder["x.safetensors"], [b]);
        SafetensorsWriter.Write(_folder["y.safetensors"], [a]);
        File.WriteAllText(_folder["model.safetensors.index.json"],
            JsonSerializer.Serialize(new { weight_map = new Dictionary<string, string> { ["b"] = "x.safetensors", ["a"] = "y.safetensors" } }));
        using var sharded = Checkpoint.Open(_folder["model.safetensors.index.json"]);
        Assert.Equal(whole, BackboneHash.Compute(sharded, Config.Reverse()));
    }

    [Fact]
    public void Every_name_type_shape_byte_and_field_matters()
    {
        string[] hashes =
        [
            Hash([StoredTensor.Of("a", [1f, 2f])]),
            Hash([StoredTensor.Of("a", [1f, 3f])]),
            Hash([StoredTensor.Of("b", [1f, 2f])]),
            Hash([StoredTensor.Of("a", [1f, 2f], 2, 1)]),
            Hash([StoredTensor.Of("a", [1f, 2f]) with { DType = "I32" }]),
            Hash([StoredTensor.Of("a", [1f]), StoredTensor.Of("b", [2f])]),
            Hash([StoredTensor.Of("a", [1f, 2f])], config: new() { ["k"] = "vw" }),
            Hash([StoredTensor.Of("a", [1f, 2f])], config: new() { ["kv"] = "w" }),
            Hash([StoredTensor.Of("a", [1f, 2f])], config: new() { ["k"] = "v" }),
            Hash([StoredTensor.Of("a", [1f, 2f])], config: []),
            Hash([], config: []),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void A_hash_is_remembered_until_the_file_changes()
    {
        string path = Settled([StoredTensor.Of("a", [1f, 2f])]);
        string hash = Cached(path);
        string remembered = Assert.Single(Directory.GetFiles(_folder["cache"], "*", SearchOption.AllDirectories));
        Assert.Equal(hash, File.ReadAllText(remembered).Trim());

        // Another answer in its place shows that the cache is what is read.
        string planted = new('e', 64);
        File.WriteAllText(remembered, planted);
        Assert.Equal(planted, Cached(path));
        Assert.NotEqual(planted, Cached(path, new() { ["model_type"] = "roberta" }));
        File.WriteAllText(remembered, "garbage");
        Assert.Equal(hash, Cached(path));
        File.WriteAllText(remembered, planted);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-5));
        Assert.Equal(hash, Cached(path));
    }

    [Fact]
    public void A_link_is_followed_to_the_file_that_changes()
    {
        string path = Settled([StoredTensor.Of("a", [1f])]);
        try { File.CreateSymbolicLink(_folder["link.safetensors"], path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { Assert.Skip($"symbolic links cannot be made here: {error.Message}"); }
        string before = Cached(_folder["link.safetensors"]);
        Settled([StoredTensor.Of("a", [2f])]);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-3));
        Assert.NotEqual(before, Cached(_folder["link.safetensors"]));
    }

    [Fact]
    public void A_file_that_has_just_changed_is_not_remembered_yet()
    {
        SafetensorsWriter.Write(_folder["fresh.safetensors"], [StoredTensor.Of("a", [1f])]);
        File.SetLastWriteTimeUtc(_folder["fresh.safetensors"], DateTime.UtcNow.AddSeconds(5));
        Cached(_folder["fresh.safetensors"]);
        Assert.False(Directory.Exists(_folder["cache"]));
    }

    [Fact]
    public void A_cache_that_fails_costs_time_only()
    {
        string path = Settled([StoredTensor.Of("a", [1f])]);
        File.WriteAllText(_folder["cache"], "a file where the folder should be");
        using var checkpoint = Checkpoint.Open(path);
        Assert.Equal(BackboneHash.Compute(checkpoint, Config), Cached(path));
        File.Delete(_folder["cache"]);
        for (int stop = 0; stop < 4; stop++)
        {
            Assert.Throws<DiskStoppedException>(() => BackboneHash.Compute(checkpoint, Config, _folder[$"cache{stop}"], new StoppingDisk(stop)));
            Assert.Equal(BackboneHash.Compute(checkpoint, Config), BackboneHash.Compute(checkpoint, Config, _folder[$"cache{stop}"]));
        }
    }

    public void Dispose() => _folder.Dispose();

    private string Hash(StoredTensor[] tensors, Dictionary<string, string>? metadata = null, Dictionary<string, string>? config = null)
    {
        SafetensorsWriter.Write(_folder["model.safetensors"], tensors, metadata);
        using var checkpoint = Checkpoint.Open(_folder["model.safetensors"]);
        return BackboneHash.Compute(checkpoint, config ?? Config);
    }

    /// <summary>A file that was last changed some time ago.</summary>
    private string Settled(StoredTensor[] tensors)
    {
        SafetensorsWriter.Write(_folder["settled.safetensors"], tensors);
        File.SetLastWriteTimeUtc(_folder["settled.safetensors"], DateTime.UtcNow.AddMinutes(-10));
        return _folder["settled.safetensors"];
    }

    private string Cached(string path, Dictionary<string, string>? config = null)
    {
        using var checkpoint = Checkpoint.Open(path);
        return BackboneHash.Compute(checkpoint, config ?? Config, _folder["cache"]);
    }
}
