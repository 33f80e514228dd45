namespace Polymath.Checkpoints;

/// <summary>Where models are kept and fetched from.</summary>
public sealed record ModelCacheOptions
{
    /// <summary>The folder that holds <c>models/org--name/…</c>; by default POLYMATH_HOME, or else <c>polymath</c> in the user's cache folder.</summary>
    public string Root { get; init; } = CacheFolder.Default;

    /// <summary>The hub's address; by default HF_ENDPOINT, or else https://huggingface.co.</summary>
    public Uri Hub { get; init; } = DefaultHub();

    /// <summary>Never ask the network: a model that is not in the cache is an error. By default on where HF_HUB_OFFLINE is 1.</summary>
    public bool Offline { get; init; } = Environment.GetEnvironmentVariable("HF_HUB_OFFLINE") is "1" or "true" or "TRUE";

    /// <summary>How often a lost connection is taken up again, each time where it broke off.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The wait before the first new attempt; it doubles with each.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the hub may be silent before a connection counts as lost.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    private static Uri DefaultHub()
    {
        string? named = Environment.GetEnvironmentVariable("HF_ENDPOINT");
        if (string.IsNullOrEmpty(named)) return new Uri("https://huggingface.co");
        return Uri.TryCreate(named, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new PolymathException($"HF_ENDPOINT is '{named}', where an address such as https://huggingface.co was expected");
    }
}

/// <summary>How far a download is.</summary>
/// <param name="File">The file that is being fetched.</param>
/// <param name="BytesDone">Bytes of the whole model that are here, those of earlier attempts included.</param>
/// <param name="BytesTotal">Bytes of the whole model, as far as the hub says.</param>
public readonly record struct DownloadProgress(string File, long BytesDone, long BytesTotal);
