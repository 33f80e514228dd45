using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Polymath.Tests;

/// <summary>A model hub on this machine: the web addresses of huggingface.co for one model, with faults on request.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Model = "acme/tiny";

    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public FakeHub()
    {
        // Another program may take the free port before the listener does.
        for (int attempt = 0; ; attempt++)
        {
            using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            }
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add(Address.AbsoluteUri);
            try
            {
                _listener.Start();
                break;
            }
            catch (HttpListenerException) when (attempt < 10) { }
        }
        _loop = Task.Run(ServeAsync);
    }

    public Uri Address { get; }
    public string Commit { get; set; } = "0123456789abcdef0123456789abcdef01234567";
    public Dictionary<string, byte[]> Files { get; } = [];
    public HashSet<string> Large { get; } = [];
    /// <summary>Break the connection after so many bytes of any file's answer.</summary>
    public int? CutAfter { get; set; }
    public bool IgnoreRange { get; set; }
    public bool Corrupt { get; set; }
    /// <summary>What the description says instead of the true size.</summary>
    public long? ClaimedSize { get; set; }
    public Func<string, int?> Status { get; set; } = _ => null;
    public string? Description { get; set; }
    /// <summary>Path and first byte of every request, in order.</summary>
    public ConcurrentQueue<(string Path, long From)> Requests { get; } = [];

    public void Dispose()
    {
        _listener.Close();
        _loop.Wait();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try { context = await _listener.GetContextAsync(); }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException) { return; }
            try { await AnswerAsync(context); }
            catch (Exception error) when (error is HttpListenerException or IOException or ObjectDisposedException) { }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string path = Uri.UnescapeDataString(context.Request.Url!.AbsolutePath);
        string? range = context.Request.Headers["Range"];
        long from = range is null ? 0 : long.Parse(range["bytes=".Length..^1]);
        Requests.Enqueue((path, from));
        var response = context.Response;
        if (Status(path) is { } status)
        {
            response.StatusCode = status;
            response.Close();
        }
        else if (path.StartsWith($"/api/models/{Model}", StringComparison.Ordinal))
        {
            response.Close(Encoding.UTF8.GetBytes(Description ?? Describe()), willBlock: true);
        }
        else if (path.StartsWith($"/{Model}/resolve/{Commit}/", StringComparison.Ordinal) && Files.TryGetValue(path[$"/{Model}/resolve/{Commit}/".Length..], out var content))
        {
            await SendAsync(response, content, IgnoreRange ? 0 : from);
        }
        else
        {
            response.StatusCode = 404;
            response.Close();
        }
    }

    private async Task SendAsync(HttpListenerResponse response, byte[] content, long from)
    {
        if (from > 0)
        {
            response.StatusCode = from < content.Length ? 206 : 416;
            if (from >= content.Length)
            {
                response.Close();
                return;
            }
            response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }
        byte[] rest = content[(int)from..];
        if (Corrupt && rest.Length > 0) rest[^1] ^= 1;
        response.ContentLength64 = rest.Length;
        int sent = Math.Min(rest.Length, CutAfter ?? int.MaxValue);
        await response.OutputStream.WriteAsync(rest.AsMemory(0, sent));
        if (sent < rest.Length) response.Abort();
        else response.Close();
    }

    private string Describe() => JsonSerializer.Serialize(new
    {
        id = Model,
        sha = Commit,
        siblings = Files.Select(file => new Dictionary<string, object>
        {
            ["rfilename"] = file.Key,
            ["size"] = ClaimedSize ?? file.Value.Length,
            ["blobId"] = Large.Contains(file.Key) ? new string('0', 40) : GitHash(file.Value),
        }.Concat(Large.Contains(file.Key) ? [KeyValuePair.Create("lfs", (object)new { sha256 = Convert.ToHexStringLower(SHA256.HashData(file.Value)) })] : []).ToDictionary()),
    });

#pragma warning disable CA5350 // Git's own hash of small files.
    private static string GitHash(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
}
