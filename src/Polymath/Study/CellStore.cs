using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Polymath.Native;

namespace Polymath.Study;

/// <summary>
/// Finished cells, one file each in <c>cells/</c>, named by a hash of everything that determines the answers. A file is whole or not there, so a
/// run that is killed loses the cell it was at and nothing else.
/// </summary>
internal sealed class CellStore(string folder, Disk disk)
{
    /// <summary>Answers of this version of the cells' code; a change that alters answers counts up.</summary>
    private const int Version = 1;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The folder can be written to; said before the work.</summary>
    /// <exception cref="PolymathException">It cannot.</exception>
    public void Check()
    {
        try { Directory.CreateDirectory(Path.Combine(folder, "cells")); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{folder}: the folder cannot be made ({Disk.FirstLine(error)}); name another one with --out", error);
        }
        var probe = Path.Combine(folder, "cells", ".writable");
        disk.WriteText(probe, "");
        disk.Delete(probe);
    }

    /// <summary>The hash of all that a cell's answers depend on.</summary>
    public static string Key(PlannedCell cell, Backbone? backbone)
    {
        var model = cell.Method.NeedsBackbone && backbone is not null ? $"{backbone.Hash} {backbone.Precision} {backbone.MaxTokens}" : "";
        var text = $"{Version}\n{cell.Task.Hash}\n{cell.Method.Name}\n{cell.Method.Settings}\n{model}\n{cell.Seed}\n{string.Join(',', cell.Train)}\n{string.Join(',', cell.Split.Test)}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }

    /// <summary>The result of a finished cell; null where there is none, or where its file cannot be read (it is then run again).</summary>
    public StudyResult? Find(string key, int rows)
    {
        var path = FileOf(key);
        if (!File.Exists(path)) return null;
        try
        {
            var result = JsonSerializer.Deserialize<StudyResult>(File.ReadAllText(path), Json);
            return result?.Answers.Count == rows ? result : null;
        }
        catch (Exception error) when (error is JsonException or IOException) { return null; }
    }

    /// <summary>Keeps a finished cell.</summary>
    public void Keep(string key, StudyResult result) => disk.WriteText(FileOf(key), JsonSerializer.Serialize(result, Json));

    private string FileOf(string key) => Path.Combine(folder, "cells", $"{key}.json");
}
