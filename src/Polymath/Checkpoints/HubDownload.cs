using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Polymath.Native;

namespace Polymath.Checkpoints;

/// <summary>
/// Fetches one file: bytes are appended to <c>NAME.partial</c>, so that a run cut off at any moment goes on from there; the file takes its
/// name only when its size and hash are the ones the hub announced.
/// </summary>
internal sealed class HubDownload(HubClient hub, ModelCacheOptions options, Disk disk)
{
    /// <summary>The most bytes of the current file that were here at any time: only more than that is headway.</summary>
    private long _furthest;

    /// <summary>Fetches <paramref name="file"/> to <paramref name="target"/>; <paramref name="reached"/> hears the bytes that are here after every block.</summary>
    /// <exception cref="PolymathException">The hub refuses, the connection is lost too often, the content is not the announced one, or the disk is full.</exception>
    public async Task FetchAsync(string address, HubFile file, string target, Action<long> reached, CancellationToken cancellation)
    {
        if (File.Exists(target)) return;
        string partial = target + ".partial";
        _furthest = 0;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await hub.RetryAsync(address, options.Retries, () => ContinueAsync(address, file, partial, reached, cancellation), cancellation);
            await VerifyAsync(address, file, partial, cancellation);
            disk.Rename(partial, target);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{partial}: cannot be written ({Disk.FirstLine(error)}); what is there will be used when the command is run again", error);
        }
    }

    /// <summary>One attempt: true when the file is complete, false when it got further but was cut off.</summary>
    private async Task<bool> ContinueAsync(string address, HubFile file, string partial, Action<long> reached, CancellationToken cancellation)
    {
        using var output = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        if (output.Length > file.Size) output.SetLength(0);
        long before = output.Length;
        output.Position = before;
        if (before == file.Size && before > 0) return true;
        try
        {
            await hub.ReceiveAsync(address, before, begin =>
            {
                output.SetLength(begin);
                output.Position = begin;
            }, block =>
            {
                if (output.Position + block.Length > file.Size)
                    throw new PolymathException($"{address}: the hub sends more than the {file.Size} bytes it announced; try again later");
                disk.Reached(DiskStep.Write, partial);
                output.Write(block.Span);
                reached(output.Position);
            }, cancellation);
            if (output.Position < file.Size) throw new ConnectionLostException($"the connection ended after {output.Position} of {file.Size} bytes");
        }
        catch (RangeRefusedException)
        {
            output.SetLength(0);
            throw new PolymathException($"{address}: the hub ends after fewer than the {file.Size} bytes it announced; what came was thrown away, run the command again");
        }
        catch (ConnectionLostException) when (output.Position > Math.Max(before, _furthest))
        {
            _furthest = output.Position;
            return false;
        }
        output.Flush();
        disk.Reached(DiskStep.Flush, partial);
        output.Flush(flushToDisk: true);
        return true;
    }

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms",
        Justification = "Git names small files by SHA-1; there is no other hash of them. Weights have SHA-256.")]
    private async Task VerifyAsync(string address, HubFile file, string partial, CancellationToken cancellation)
    {
        string? expected = file.Sha256 ?? file.BlobId;
        if (expected is null) return;
        string actual;
        using (var content = new FileStream(partial, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 17, useAsync: true))
        using (var hash = IncrementalHash.CreateHash(file.Sha256 is null ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256))
        {
            if (file.Sha256 is null) hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
            var block = new byte[1 << 17];
            for (int read; (read = await content.ReadAsync(block, cancellation)) > 0;) hash.AppendData(block.AsSpan(0, read));
            actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        if (string.Equals(actual, expected, StringComparison.OrdinalIgnoreCase)) return;
        disk.Delete(partial);
        throw new PolymathException($"{address}: the content has hash {actual}, where {expected} was announced; it was thrown away, run the command again");
    }
}
