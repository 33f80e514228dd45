using System.IO.Compression;
using System.Text.Json;

namespace Polymath.Tests;

/// <summary>Reads the reference files of tokenizers: JSON lines in gzip.</summary>
internal static class GoldenLines
{
    public static IEnumerable<JsonElement> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }

    public static Dictionary<int, string> Texts(string path) => Read(path).ToDictionary(r => r.GetProperty("i").GetInt32(), r => r.GetProperty("text").GetString()!);

    public static int[] Ints(this JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];

    public static string Offsets(this JsonElement row, string name = "offsets") =>
        string.Concat(row.GetProperty(name).EnumerateArray().Select(e => $"[{e[0].GetInt32()},{e[1].GetInt32()}]"));

    public static string Show(this IEnumerable<Polymath.Text.TextSpan> spans) => string.Concat(spans.Select(s => $"[{s.Start},{s.End}]"));
}
