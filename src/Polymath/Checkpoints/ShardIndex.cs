using System.Text.Json;

namespace Polymath.Checkpoints;

/// <summary>
/// <c>model.safetensors.index.json</c> or <c>pytorch_model.bin.index.json</c> of a checkpoint in several files: <c>{"metadata": {…}, "weight_map": {tensor: file}}</c>.
/// Files must lie beside the index: a name that could lead elsewhere is refused.
/// </summary>
internal static class ShardIndex
{
    /// <summary>Tensor name → file name.</summary>
    /// <exception cref="PolymathException">The index cannot be read, is no such JSON, or names a file outside its folder.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
                throw new PolymathException($"{path}: has no object 'weight_map' from tensor names to files");
            var files = new Dictionary<string, string>();
            foreach (var entry in map.EnumerateObject())
            {
                string? file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                if (file is null || !IsPlainName(file))
                    throw new PolymathException($"{path}: tensor {SafetensorsHeader.Quote(entry.Name)} is said to be in "
                        + $"{SafetensorsHeader.Quote(file ?? entry.Value.GetRawText())}, where the name of a file beside the index was expected");
                files.Add(entry.Name, file);
            }
            return files;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new PolymathException($"{path}: is not valid JSON ({Native.Disk.FirstLine(error)})", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be read ({Native.Disk.FirstLine(error)})", error);
        }
    }

    /// <summary>A file name that stays in its folder on every system: no separators, no drive, no "..", nothing invisible.</summary>
    internal static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && !name.Contains("..", StringComparison.Ordinal)
        && !name.AsSpan().ContainsAny('/', '\\', ':') && !name.Any(char.IsControl);
}
