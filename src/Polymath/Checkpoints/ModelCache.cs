using System.Text.RegularExpressions;
using Polymath.Native;

namespace Polymath.Checkpoints;

/// <summary>
/// Models by the name they have on a hub (<c>org/name</c>): found in a local cache, or else downloaded into it. What is in the cache is used
/// without asking the network. Layout under <see cref="ModelCacheOptions.Root"/>: <c>models/org--name/COMMIT/</c> holds the files of one
/// commit and is only there when complete and verified; <c>models/org--name/refs/REVISION</c> names the commit.
/// </summary>
public sealed partial class ModelCache : IDisposable
{
    private readonly ModelCacheOptions _options;
    private readonly Disk _disk;
    private readonly HubClient _hub;

    /// <summary>Creates a cache; nothing is read, written or asked for yet.</summary>
    public ModelCache(ModelCacheOptions? options = null, Disk? disk = null)
    {
        _options = options ?? new ModelCacheOptions();
        _disk = disk ?? Disk.Default;
        _hub = new HubClient(_options);
    }

    /// <summary>Whether a text has the form <c>org/name</c>. A folder of the same name, where there is one, should be preferred.</summary>
    public static bool IsModelName(string text) => NamePattern().IsMatch(text) && text.Split('/').All(ShardIndex.IsPlainName);

    /// <summary>The folder of a model that is in the cache, or null; never asks the network.</summary>
    /// <exception cref="PolymathException">The name is not of the form org/name.</exception>
    public string? Find(string model, string revision = "main")
    {
        try
        {
            string commit = File.ReadAllText(RefFile(model, revision)).Trim();
            string folder = Path.Combine(ModelFolder(model), commit);
            return ShardIndex.IsPlainName(commit) && Directory.Exists(folder) ? folder : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unusable(error);
        }
    }

    /// <summary>The folder of a model, downloaded first where the cache does not have it. An interrupted download goes on where it stopped.</summary>
    /// <param name="model">The name on the hub, <c>org/name</c>.</param>
    /// <param name="revision">A branch, tag or commit.</param>
    /// <param name="refresh">Ask the hub whether the revision has moved, although the cache has it.</param>
    /// <param name="progress">Hears of every block that arrives.</param>
    /// <param name="cancellation">Stops the download; what has arrived stays.</param>
    /// <exception cref="PolymathException">There is no such model, the hub cannot be reached, a hash is wrong, or the disk is full.</exception>
    public async Task<string> GetAsync(
        string model, string revision = "main", bool refresh = false, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (!refresh && Find(model, revision) is { } found) return found;
        if (_options.Offline)
            throw new PolymathException($"{model}: is not in the cache {_options.Root}, and the network is switched off (offline); download it once, or give a local folder");
        try
        {
            Directory.CreateDirectory(ModelFolder(model));
            using var held = await LockAsync(Path.Combine(ModelFolder(model), "lock"), cancellation);
            // Another process may have brought it while this one waited.
            if (!refresh && Find(model, revision) is { } brought) return brought;
            var description = await _hub.DescribeAsync(model, revision, cancellation);
            string folder = Path.Combine(ModelFolder(model), description.Commit);
            if (!Directory.Exists(folder)) await DownloadAsync(model, description, folder, progress, cancellation);
            _disk.WriteText(RefFile(model, revision), description.Commit + "\n");
            return folder;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unusable(error);
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _hub.Dispose();

    private async Task DownloadAsync(string model, HubModel description, string folder, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var files = description.Needed();
        if (!files.Any(file => Path.GetExtension(file.Name) is ".safetensors" or ".bin"))
            throw new PolymathException($"{model}: the hub has neither .safetensors weights of it nor pytorch_model.bin; convert it, or choose another model");
        string incomplete = folder + ".incomplete";
        var download = new HubDownload(_hub, _options, _disk);
        long total = files.Sum(file => file.Size ?? 0), done = 0;
        foreach (var file in files)
        {
            string target = Path.Combine([incomplete, .. file.Name.Split('/')]);
            long before = done;
            await download.FetchAsync(_hub.FileAddress(model, description.Commit, file.Name), file, target,
                bytes => progress?.Report(new DownloadProgress(file.Name, before + bytes, total)), cancellation);
            done += new FileInfo(target).Length;
            progress?.Report(new DownloadProgress(file.Name, done, total));
        }
        _disk.Rename(incomplete, folder);
    }

    /// <summary>One process at a time downloads a model; the operating system lets go of the lock when a process dies.</summary>
    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(100, cancellation);
            }
        }
    }

    private string ModelFolder(string model) => IsModelName(model)
        ? Path.Combine(_options.Root, "models", model.Replace("/", "--", StringComparison.Ordinal))
        : throw new PolymathException($"{SafetensorsHeader.Quote(model)} is not the name of a model on a hub, where org/name was expected");

    private string RefFile(string model, string revision)
    {
        string name = Uri.EscapeDataString(revision);
        return ShardIndex.IsPlainName(name)
            ? Path.Combine(ModelFolder(model), "refs", name)
            : throw new PolymathException($"{SafetensorsHeader.Quote(revision)} is not a revision, where a branch, tag or commit was expected");
    }

    private PolymathException Unusable(Exception error) =>
        new($"{_options.Root}: the model cache cannot be used ({Disk.FirstLine(error)}); set POLYMATH_HOME to a folder that can be written to", error);

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*\\z")]
    private static partial Regex NamePattern();
}
