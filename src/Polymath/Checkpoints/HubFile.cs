using System.Text.Json;
using System.Text.RegularExpressions;

namespace Polymath.Checkpoints;

/// <summary>A file of a model on the hub.</summary>
/// <param name="Name">Path inside the repository, separated by '/'.</param>
/// <param name="Size">Size in bytes, or null where the hub does not say.</param>
/// <param name="Sha256">SHA-256 of the content of a large file, else null.</param>
/// <param name="BlobId">Git's SHA-1 of the content of a small file, else null.</param>
internal sealed record HubFile(string Name, long? Size, string? Sha256, string? BlobId);

/// <summary>A model on the hub at one commit.</summary>
internal sealed partial record HubModel(string Commit, IReadOnlyList<HubFile> Files)
{
    private const string Index = "model.safetensors.index.json";

    /// <summary>Reads the answer of <c>/api/models/org/name?blobs=true</c>: <c>sha</c> and <c>siblings</c> with <c>rfilename</c>, <c>size</c>, <c>blobId</c>, <c>lfs.sha256</c>.</summary>
    /// <exception cref="PolymathException">The answer is no such JSON, or names a file that would lie outside the model's folder.</exception>
    public static HubModel Parse(byte[] json, string address)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            string commit = document.RootElement.GetProperty("sha").GetString() ?? "";
            if (!CommitPattern().IsMatch(commit))
                throw new PolymathException($"{address}: the hub names commit {SafetensorsHeader.Quote(commit)}, where hexadecimal digits were expected");
            var files = new List<HubFile>();
            foreach (var sibling in document.RootElement.GetProperty("siblings").EnumerateArray())
            {
                string name = sibling.GetProperty("rfilename").GetString() ?? "";
                if (!name.Split('/').All(ShardIndex.IsPlainName))
                    throw new PolymathException($"{address}: the hub lists a file {SafetensorsHeader.Quote(name)}, which would lie outside the model's folder");
                long? size = sibling.TryGetProperty("size", out var bytes) && bytes.TryGetInt64(out long length) ? length : null;
                bool large = sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
                string? sha256 = large && lfs.TryGetProperty("sha256", out var sum) ? sum.GetString() : null;
                string? blob = !large && sibling.TryGetProperty("blobId", out var id) ? id.GetString() : null;
                files.Add(new HubFile(name, size, sha256, blob));
            }
            return new HubModel(commit, files);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new PolymathException($"{address}: the answer is not the hub's description of a model ({Native.Disk.FirstLine(error)})", error);
        }
    }

    /// <summary>
    /// The files that loading needs: configuration, tokenizer and weights of the folder itself and of the parts of a sentence-transformers
    /// model (<c>1_Pooling</c>, <c>2_Dense</c>). Weights are taken once: <c>model.safetensors</c> alone, else the shards that an index belongs to, else what there is.
    /// PyTorch's own files are taken only where a folder has no safetensors; other formats are left out.
    /// </summary>
    public IReadOnlyList<HubFile> Needed()
    {
        bool single = Files.Any(file => file.Name == "model.safetensors");
        bool sharded = !single && Files.Any(file => file.Name == Index) && Files.Any(file => ShardPattern().IsMatch(file.Name));
        return [.. Files.Where(file => IsNeeded(file.Name, single, sharded))];
    }

    private bool HasSafetensors(string folder) => Files.Any(file => file.Name.EndsWith(".safetensors", StringComparison.Ordinal) && FolderOf(file.Name) == folder);

    private static string FolderOf(string name) => name[..(name.LastIndexOf('/') + 1)];

    private bool IsNeeded(string name, bool single, bool sharded)
    {
        string[] parts = name.Split('/');
        if (parts.Length > 2 || (parts.Length == 2 && !ModulePattern().IsMatch(parts[0]))) return false;
        return Path.GetExtension(name) switch
        {
            ".json" or ".txt" or ".model" => parts[^1] != Index || !single,
            ".jinja" => name == "chat_template.jinja",
            ".safetensors" => parts.Length == 2 || name is "model.safetensors" or "adapter_model.safetensors" || (sharded ? ShardPattern().IsMatch(name) : !single),
            ".bin" => parts[^1].StartsWith("pytorch_model", StringComparison.Ordinal) && !HasSafetensors(FolderOf(name)),
            _ => false,
        };
    }

    [GeneratedRegex("^[0-9a-f]{7,64}\\z")]
    private static partial Regex CommitPattern();

    [GeneratedRegex("^model-[0-9]+-of-[0-9]+[.]safetensors\\z")]
    private static partial Regex ShardPattern();

    [GeneratedRegex("^[0-9]+_[A-Za-z]+\\z")]
    private static partial Regex ModulePattern();
}
