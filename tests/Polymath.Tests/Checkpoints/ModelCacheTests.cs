using Polymath.Checkpoints;
using Polymath.Native;

namespace Polymath.Tests;

public sealed class ModelCacheTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly FakeHub _hub = new();

    public ModelCacheTests()
    {
        string golden = TestFiles.Golden("models", "bert-classify");
        _hub.Files["config.json"] = File.ReadAllBytes(Path.Combine(golden, "config.json"));
        _hub.Files["model.safetensors"] = File.ReadAllBytes(Path.Combine(golden, "model.safetensors"));
        _hub.Files["vocab.txt"] = [];
        _hub.Files["1_Pooling/config.json"] = "{}"u8.ToArray();
        _hub.Files["README.md"] = "no"u8.ToArray();
        _hub.Files["pytorch_model.bin"] = "no"u8.ToArray();
        _hub.Files["onnx/config.json"] = "no"u8.ToArray();
        _hub.Large.Add("model.safetensors");
    }

    [Fact]
    public async Task Where_there_is_nothing_else_the_weights_of_PyTorch_are_downloaded()
    {
        _hub.Files.Remove("model.safetensors");
        _hub.Files["pytorch_model.bin"] = TorchWriter.Small();
        _hub.Files["training_args.bin"] = "no"u8.ToArray();
        using var cache = Cache();
        string folder = await cache.GetAsync(FakeHub.Model);
        Assert.Equal(["1_Pooling/config.json", "config.json", "pytorch_model.bin", "vocab.txt"], FilesIn(folder));
        using var checkpoint = Checkpoint.Open(folder);
        Assert.True(checkpoint.Contains("weight"));
    }

    [Fact]
    public async Task A_model_is_downloaded_once_with_the_files_it_needs()
    {
        using var cache = Cache();
        Assert.Null(cache.Find(FakeHub.Model));
        var heard = new List<DownloadProgress>();
        string folder = await cache.GetAsync(FakeHub.Model, progress: new Recorder(heard));
        Assert.Equal(["1_Pooling/config.json", "config.json", "model.safetensors", "vocab.txt"], FilesIn(folder));
        foreach (string name in FilesIn(folder)) Assert.Equal(_hub.Files[name], File.ReadAllBytes(Path.Combine(folder, name)));
        using (var checkpoint = Checkpoint.Open(folder)) Assert.True(checkpoint.Contains("classifier.weight"));
        Assert.Equal(heard[^1].BytesTotal, heard[^1].BytesDone);
        Assert.Equal(heard.Select(report => report.BytesDone).Order(), heard.Select(report => report.BytesDone));

        int asked = _hub.Requests.Count;
        Assert.Equal(folder, await cache.GetAsync(FakeHub.Model));
        Assert.Equal(folder, cache.Find(FakeHub.Model));
        Assert.Equal(asked, _hub.Requests.Count);
        using var offline = Cache(offline: true);
        Assert.Equal(folder, await offline.GetAsync(FakeHub.Model));
    }

    [Fact]
    public async Task A_connection_that_breaks_again_and_again_goes_on_where_it_stopped()
    {
        _hub.CutAfter = 20_000;
        using var cache = Cache(retries: 1);
        string folder = await cache.GetAsync(FakeHub.Model);
        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        long[] starts = [.. _hub.Requests.Where(request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Select(request => request.From)];
        Assert.True(starts.Length > 3);
        Assert.Equal(Enumerable.Range(0, starts.Length).Select(i => i * 20_000L), starts);
    }

    [Fact]
    public async Task A_cancelled_download_is_taken_up_by_the_next_run()
    {
        using var stop = new CancellationTokenSource();
        using (var cache = Cache())
        {
            var stopper = new Stopper(report => { if (report.File == "model.safetensors") stop.Cancel(); });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cache.GetAsync(FakeHub.Model, progress: stopper, cancellation: stop.Token));
            Assert.Null(cache.Find(FakeHub.Model));
        }
        _hub.Requests.Clear();
        using var again = Cache();
        string folder = await again.GetAsync(FakeHub.Model);
        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.DoesNotContain(_hub.Requests, request => request.Path.EndsWith("/config.json", StringComparison.Ordinal) && !request.Path.Contains("1_Pooling"));
        Assert.DoesNotContain(_hub.Requests, request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) && request.From == 0);
    }

    [Fact]
    public async Task A_hub_without_ranges_sends_the_file_anew()
    {
        _hub.IgnoreRange = true;
        _hub.CutAfter = 30_000;
        using (var cache = Cache(retries: 1))
        {
            var error = await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model));
            Assert.Contains("run the command again to go on where it stopped", error.Message);
        }
        _hub.CutAfter = null;
        using var again = Cache();
        string folder = await again.GetAsync(FakeHub.Model);
        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task Content_with_a_wrong_hash_is_thrown_away(string name)
    {
        _hub.Corrupt = true;
        foreach (string other in _hub.Files.Keys.Where(other => other != name && other != "model.safetensors").ToArray()) _hub.Files.Remove(other);
        using var cache = Cache();
        var error = await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model));
        Assert.Contains($"{name}: the content has hash", error.Message);
        Assert.Null(cache.Find(FakeHub.Model));
        Assert.Empty(Directory.EnumerateFiles(_root.Path, name + "*", SearchOption.AllDirectories));
        _hub.Corrupt = false;
        Assert.True(File.Exists(Path.Combine(await cache.GetAsync(FakeHub.Model), name)));
    }

    [Fact]
    public async Task A_partial_file_longer_than_the_announced_one_is_begun_anew()
    {
        string incomplete = Path.Combine(_root.Path, "models", "acme--tiny", _hub.Commit + ".incomplete");
        Directory.CreateDirectory(incomplete);
        File.WriteAllBytes(Path.Combine(incomplete, "config.json.partial"), new byte[100_000]);
        using var cache = Cache();
        string folder = await cache.GetAsync(FakeHub.Model);
        Assert.Equal(_hub.Files["config.json"], File.ReadAllBytes(Path.Combine(folder, "config.json")));
    }

    [Theory]
    [InlineData(1_000_000L, "ends after fewer than the 1000000 bytes it announced")]
    [InlineData(3L, "sends more than the 3 bytes it announced")]
    public async Task A_hub_that_lies_about_sizes_is_refused(long claimed, string expected)
    {
        _hub.ClaimedSize = claimed;
        using var cache = Cache(retries: 1);
        var error = await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model));
        Assert.Contains(expected, error.Message);
    }

    [Theory]
    [InlineData(404, "no such model")]
    [InlineData(401, "without an account (401)")]
    [InlineData(403, "without an account (403)")]
    [InlineData(400, "the hub answered 400")]
    [InlineData(503, "the hub answered 503; run the command again")]
    public async Task Refusals_of_the_hub_are_one_line(int status, string expected)
    {
        _hub.Status = _ => status;
        using var cache = Cache(retries: 1);
        var error = await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model));
        Assert.Contains(expected, error.Message);
        Assert.Contains($"{_hub.Address}api/models/acme/tiny", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(status == 503 ? 2 : 1, _hub.Requests.Count);
    }

    [Fact]
    public async Task An_overloaded_hub_is_asked_again()
    {
        int refusals = 2;
        _hub.Status = _ => refusals-- > 0 ? 503 : null;
        using var cache = Cache(retries: 3);
        Assert.True(Directory.Exists(await cache.GetAsync(FakeHub.Model)));
    }

    [Fact]
    public async Task Offline_and_unreachable_hubs_say_what_to_do()
    {
        using (var cache = Cache(offline: true))
            Assert.Contains("is not in the cache", (await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model))).Message);
        Assert.Empty(_hub.Requests);
        _hub.Dispose();
        using (var cache = Cache(retries: 1))
            Assert.Contains("the connection was lost or refused", (await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model))).Message);
    }

    [Theory]
    [InlineData("", "not the hub's description")]
    [InlineData("[]", "not the hub's description")]
    [InlineData("{}", "not the hub's description")]
    [InlineData("""{"sha":"../../etc","siblings":[]}""", "commit '../../etc'")]
    [InlineData("""{"sha":"0123456789","siblings":[{"rfilename":"../evil.json"}]}""", "'../evil.json', which would lie outside")]
    [InlineData("""{"sha":"0123456789","siblings":[{"rfilename":"/etc/evil.json"}]}""", "which would lie outside")]
    [InlineData("""{"sha":"0123456789","siblings":[{"rfilename":"a\\..\\evil.json"}]}""", "which would lie outside")]
    [InlineData("""{"sha":"0123456789","siblings":[{"rfilename":"tf_model.h5"},{"rfilename":"config.json"}]}""", "neither .safetensors weights of it nor pytorch_model.bin")]
    public async Task A_description_that_is_nonsense_or_hostile_is_refused(string description, string expected)
    {
        _hub.Description = description;
        using var cache = Cache();
        var error = await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public async Task A_refresh_follows_the_branch_and_leaves_the_old_commit_in_place()
    {
        using var cache = Cache();
        string first = await cache.GetAsync(FakeHub.Model);
        Assert.Equal(first, await cache.GetAsync(FakeHub.Model, refresh: true));
        _hub.Commit = new string('a', 40);
        _hub.Files["config.json"] = """{"new":1}"""u8.ToArray();
        Assert.Equal(first, await cache.GetAsync(FakeHub.Model));
        string second = await cache.GetAsync(FakeHub.Model, refresh: true);
        Assert.NotEqual(first, second);
        Assert.Equal(second, cache.Find(FakeHub.Model));
        Assert.True(File.Exists(Path.Combine(first, "model.safetensors")));
        await cache.GetAsync(FakeHub.Model, "refs/pr/1");
        Assert.Contains(_hub.Requests, request => request.Path == "/api/models/acme/tiny/revision/refs/pr/1");
    }

    [Fact]
    public async Task A_download_stopped_at_any_step_is_finished_by_the_next_run()
    {
        var counting = new StoppingDisk(int.MaxValue);
        using (var folder = new TemporaryFolder())
        using (var cache = Cache(root: folder.Path, disk: counting)) await cache.GetAsync(FakeHub.Model);
        Assert.True(counting.Steps > 15, $"{counting.Steps} steps");
        for (int stop = 0; stop < counting.Steps; stop++)
        {
            using var folder = new TemporaryFolder();
            using (var stopped = Cache(root: folder.Path, disk: new StoppingDisk(stop)))
                await Assert.ThrowsAsync<DiskStoppedException>(() => stopped.GetAsync(FakeHub.Model));
            using var again = Cache(root: folder.Path);
            string found = await again.GetAsync(FakeHub.Model);
            foreach (string name in FilesIn(found)) Assert.Equal(_hub.Files[name], File.ReadAllBytes(Path.Combine(found, name)));
            Assert.Equal(4, FilesIn(found).Length);
        }
    }

    [Fact]
    public async Task A_full_disk_and_an_unusable_folder_are_one_line()
    {
        using (var cache = Cache(disk: new FullDisk(3)))
        {
            var error = await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model));
            Assert.Contains(".partial: cannot be written (No space left on device)", error.Message);
        }
        File.WriteAllText(_root["a file"], "");
        using (var cache = Cache(root: _root["a file"]))
            Assert.Contains("the model cache cannot be used", (await Assert.ThrowsAsync<PolymathException>(() => cache.GetAsync(FakeHub.Model))).Message);
    }

    [Fact]
    public async Task Two_that_want_the_same_model_download_it_once()
    {
        using var first = Cache();
        using var second = Cache();
        string[] folders = await Task.WhenAll(first.GetAsync(FakeHub.Model), second.GetAsync(FakeHub.Model));
        Assert.Equal(folders[0], folders[1]);
        Assert.Single(_hub.Requests, request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("org/name", true)]
    [InlineData("sentence-transformers/all-MiniLM-L6-v2", true)]
    [InlineData("name", false)]
    [InlineData("a/b/c", false)]
    [InlineData("../name", false)]
    [InlineData("org/..", false)]
    [InlineData("org/a..b", false)]
    [InlineData("./name", false)]
    [InlineData("/tmp/x", false)]
    [InlineData("org/name\n", false)]
    [InlineData("", false)]
    public void Names_have_two_plain_parts(string text, bool expected) => Assert.Equal(expected, ModelCache.IsModelName(text));

    [Fact]
    public void Sharded_weights_are_wanted_whole_and_a_single_file_alone()
    {
        static string[] Needed(params string[] names) => [.. new HubModel("0123456789", [.. names.Select(name => new HubFile(name, null, null, null))]).Needed().Select(file => file.Name)];
        string[] shards = ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.model"];
        Assert.Equal(shards, Needed([.. shards, "tf_model.h5", "consolidated/x.safetensors"]));
        Assert.Equal(shards, Needed([.. shards, "consolidated.safetensors", "consolidated-00001-of-00002.safetensors"]));
        Assert.Equal(["config.json", "other.safetensors"], Needed("config.json", "other.safetensors"));
        Assert.Equal(["model.safetensors", "chat_template.jinja"], Needed("model.safetensors", "chat_template.jinja", "templates/chat_template.jinja", "other.jinja"));
        Assert.Equal(["model.safetensors", "2_Dense/model.safetensors", "2_Dense/config.json"],
            Needed("model.safetensors", "model-00001-of-00002.safetensors", "consolidated.safetensors", "model.safetensors.index.json", "2_Dense/model.safetensors", "2_Dense/config.json", "openvino/x.json"));
    }

    public void Dispose()
    {
        _hub.Dispose();
        _root.Dispose();
    }

    private ModelCache Cache(bool offline = false, int retries = 5, string? root = null, Disk? disk = null) => new(new ModelCacheOptions
    {
        Root = root ?? _root.Path,
        Hub = _hub.Address,
        Offline = offline,
        Retries = retries,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        Silence = TimeSpan.FromSeconds(20),
    }, disk);

    private static string[] FilesIn(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    private sealed class Recorder(List<DownloadProgress> heard) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => heard.Add(value);
    }

    private sealed class Stopper(Action<DownloadProgress> hear) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => hear(value);
    }
}
