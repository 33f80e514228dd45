using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Polymath.Native;

namespace Polymath.Checkpoints;

/// <summary>
/// The identity of a backbone: SHA-256 over its tensors, sorted by name (name, element type, shape, bytes), and over the fields of its
/// configuration that change the result. Sharding, the order in files and their metadata do not change it. A task remembers it and
/// refuses to be loaded onto another backbone.
/// </summary>
public static class BackboneHash
{
    /// <summary>Changing what is hashed needs another word here, so that old and new hashes never agree by accident.</summary>
    private const string Scheme = "polymath-backbone-1";

    /// <summary>A file changed again within so short a time may keep its modification time: its hash is not remembered.</summary>
    private static readonly TimeSpan ClockGrain = TimeSpan.FromSeconds(2);

    /// <summary>Reads every tensor and hashes it: 64 lower-case hexadecimal digits.</summary>
    /// <param name="checkpoint">The weights.</param>
    /// <param name="config">The fields of the configuration that change the result, in any order.</param>
    /// <exception cref="ArgumentException">A field comes twice.</exception>
    public static string Compute(Checkpoint checkpoint, IEnumerable<KeyValuePair<string, string>> config)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Scheme);
        AppendConfig(hash, config);
        Append(hash, checkpoint.Names.Count);
        var block = new byte[1 << 20];
        foreach (string name in checkpoint.Names.Order(StringComparer.Ordinal))
        {
            var info = checkpoint.Info(name);
            Append(hash, name);
            Append(hash, info.DType);
            Append(hash, info.Shape.Length);
            foreach (long size in info.Shape) Append(hash, size);
            Append(hash, info.ByteLength);
            using var bytes = checkpoint.OpenBytes(name);
            for (int read; (read = bytes.Read(block)) > 0;) hash.AppendData(block.AsSpan(0, read));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// As <see cref="Compute(Checkpoint, IEnumerable{KeyValuePair{string, string}})"/>, remembered in a small file of its own under
    /// <paramref name="cacheFolder"/> by the path, size and modification time of every weights file. A cache that cannot be written is done without.
    /// </summary>
    /// <param name="checkpoint">The weights.</param>
    /// <param name="config">The fields of the configuration that change the result, in any order.</param>
    /// <param name="cacheFolder">Where hashes are remembered; created where missing.</param>
    /// <param name="disk">Where to write; the real disk by default.</param>
    public static string Compute(Checkpoint checkpoint, IEnumerable<KeyValuePair<string, string>> config, string cacheFolder, Disk? disk = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var fields = config.ToArray();
        FileInfo[] files = Inspect(checkpoint);
        string key = CacheKey(checkpoint, fields, files);
        string remembered = Path.Combine(cacheFolder, "backbone-hashes", key + ".txt");
        if (TryRead(remembered) is { } known) return known;
        string hash = Compute(checkpoint, fields);
        bool settled = files.All(file => DateTime.UtcNow - file.LastWriteTimeUtc > ClockGrain);
        // The weights are mapped, so a changed file means another one under the same name: then the hash belongs to neither key.
        if (settled && CacheKey(checkpoint, fields, Inspect(checkpoint)) == key)
        {
            try
            {
                (disk ?? Disk.Default).WriteText(remembered, hash + "\n");
            }
            catch (PolymathException)
            {
                // Only time is lost.
            }
        }
        return hash;
    }

    /// <summary>The files as they are now; of a symbolic link, what it leads to: its own size and time stay when the content changes.</summary>
    private static FileInfo[] Inspect(Checkpoint checkpoint) =>
        [.. checkpoint.Files.Select(file => (FileInfo)(new FileInfo(file) is { LinkTarget: not null } link ? link.ResolveLinkTarget(true)! : new FileInfo(file)))];

    private static string CacheKey(Checkpoint checkpoint, KeyValuePair<string, string>[] config, FileInfo[] files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Scheme);
        AppendConfig(hash, config);
        Append(hash, Path.GetFullPath(checkpoint.Path));
        foreach (var file in files)
        {
            Append(hash, file.FullName);
            Append(hash, file.Length);
            Append(hash, file.LastWriteTimeUtc.Ticks);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? TryRead(string path)
    {
        try
        {
            string text = File.ReadAllText(path).TrimEnd('\n');
            return text.Length == 64 && text.All(char.IsAsciiHexDigitLower) ? text : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void AppendConfig(IncrementalHash hash, IEnumerable<KeyValuePair<string, string>> config)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in config) sorted.Add(key, value);
        Append(hash, sorted.Count);
        foreach (var (key, value) in sorted)
        {
            Append(hash, key);
            Append(hash, value);
        }
    }

    /// <summary>Every string carries its length, so that no two different lists of fields give the same bytes.</summary>
    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
