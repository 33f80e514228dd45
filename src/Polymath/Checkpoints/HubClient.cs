using System.Net;
using System.Net.Http.Headers;

namespace Polymath.Checkpoints;

/// <summary>
/// Requests to a model hub (the web addresses of huggingface.co): a model's description, and a file from a given byte on.
/// A lost connection is an error of its own kind, so that callers can take it up again.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MaximumDescription = 64 << 20;

    private readonly ModelCacheOptions _options;
    private readonly HttpClient _http;

    public HubClient(ModelCacheOptions options)
    {
        _options = options;
        var handler = new SocketsHttpHandler { ConnectTimeout = options.Silence, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("polymath", typeof(HubClient).Assembly.GetName().Version!.ToString(3)));
    }

    /// <summary>Asks for the commit and the files of a model.</summary>
    /// <exception cref="PolymathException">The hub has no such model or revision, keeps it closed, answers nonsense, or cannot be reached.</exception>
    public async Task<HubModel> DescribeAsync(string model, string revision, CancellationToken cancellation)
    {
        string address = $"{Base}/api/models/{model}{(revision == "main" ? "" : "/revision/" + Uri.EscapeDataString(revision))}?blobs=true";
        byte[]? json = null;
        await RetryAsync(address, Math.Min(2, _options.Retries), async () =>
        {
            using var answer = await SendAsync(address, 0, cancellation);
            using var body = await OpenBodyAsync(answer, address, cancellation);
            using var buffer = new MemoryStream();
            await CopyAsync(body, address, block =>
            {
                if (buffer.Length + block.Length > MaximumDescription)
                    throw new PolymathException($"{address}: the answer passes {MaximumDescription} bytes; it is not the hub's description of a model");
                buffer.Write(block.Span);
            }, cancellation);
            json = buffer.ToArray();
            return true;
        }, cancellation);
        return HubModel.Parse(json!, address);
    }

    /// <summary>Where a file of a model at a commit is.</summary>
    public string FileAddress(string model, string commit, string file) =>
        $"{Base}/{model}/resolve/{commit}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>
    /// Passes a file's bytes on, from byte <paramref name="from"/> where the hub allows it; <paramref name="start"/> hears first where they
    /// really begin (0 where the hub sends the whole file).
    /// </summary>
    /// <exception cref="ConnectionLostException">The connection broke off, timed out, or the hub is overloaded.</exception>
    public async Task ReceiveAsync(string address, long from, Action<long> start, Action<ReadOnlyMemory<byte>> write, CancellationToken cancellation)
    {
        using var answer = await SendAsync(address, from, cancellation);
        long begin = answer.StatusCode == HttpStatusCode.PartialContent ? answer.Content.Headers.ContentRange?.From ?? -1 : 0;
        if (begin != 0 && begin != from) throw new PolymathException($"{address}: the hub answered from byte {begin}, where {from} was asked for");
        start(begin);
        using var body = await OpenBodyAsync(answer, address, cancellation);
        await CopyAsync(body, address, write, cancellation);
    }

    /// <summary>
    /// Runs a request again when its connection is lost, at most <paramref name="retries"/> times in a row without headway, waiting twice as
    /// long each time. <paramref name="attempt"/> returns true when all is done and false when it got further but was cut off.
    /// </summary>
    /// <exception cref="PolymathException">It was lost too often.</exception>
    public async Task RetryAsync(string address, int retries, Func<Task<bool>> attempt, CancellationToken cancellation)
    {
        for (int failures = 0; ;)
        {
            try
            {
                if (await attempt()) return;
                failures = 0;
            }
            catch (ConnectionLostException lost)
            {
                if (++failures > retries)
                    throw new PolymathException($"{address}: {lost.Message}; run the command again to go on where it stopped, or give a local folder", lost);
                await Task.Delay(_options.RetryDelay * Math.Pow(2, failures - 1), cancellation);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private string Base => _options.Hub.AbsoluteUri.TrimEnd('/');

    private async Task<HttpResponseMessage> SendAsync(string address, long from, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
        var answer = await WatchAsync(address, token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
        if (answer.IsSuccessStatusCode) return answer;
        var status = answer.StatusCode;
        answer.Dispose();
        throw status switch
        {
            HttpStatusCode.NotFound => new PolymathException($"{address}: the hub has no such model, revision or file (404); check the spelling"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                new PolymathException($"{address}: the hub does not give it without an account ({(int)status}), or has no such model; download it by hand and give its folder"),
            HttpStatusCode.RequestedRangeNotSatisfiable => new RangeRefusedException(),
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError =>
                new ConnectionLostException($"the hub answered {(int)status}"),
            _ => new PolymathException($"{address}: the hub answered {(int)status}"),
        };
    }

    private Task<Stream> OpenBodyAsync(HttpResponseMessage answer, string address, CancellationToken cancellation) =>
        WatchAsync(address, token => answer.Content.ReadAsStreamAsync(token), cancellation);

    private async Task CopyAsync(Stream body, string address, Action<ReadOnlyMemory<byte>> write, CancellationToken cancellation)
    {
        var block = new byte[1 << 17];
        for (int read; (read = await WatchAsync(address, token => body.ReadAsync(block, token).AsTask(), cancellation)) > 0;) write(block.AsMemory(0, read));
    }

    /// <summary>Awaits the network for as long as it may be silent; whatever goes wrong there is a lost connection.</summary>
    private async Task<T> WatchAsync<T>(string address, Func<CancellationToken, Task<T>> wait, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(_options.Silence);
        try
        {
            return await wait(silence.Token);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new ConnectionLostException($"{new Uri(address).Host} was silent for {_options.Silence.TotalSeconds:0} s", error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new ConnectionLostException($"the connection was lost or refused ({Native.Disk.FirstLine(error)})", error);
        }
    }
}

/// <summary>The network failed; trying again may help.</summary>
internal sealed class ConnectionLostException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The hub has fewer bytes of a file than are here already.</summary>
internal sealed class RangeRefusedException() : Exception("range not satisfiable");
