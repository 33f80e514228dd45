using System.Text.Json;
using System.Text.Json.Serialization;

namespace Polymath.Tasks;

/// <summary>The JSON of tasks and libraries: snake case, no duplicate names, unknown fields left aside; generated at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n", AllowDuplicateProperties = false,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(KindConverter)])]
[JsonSerializable(typeof(TaskArtifact))]
[JsonSerializable(typeof(LibraryPointer))]
[JsonSerializable(typeof(GenerationManifest))]
[JsonSerializable(typeof(IReadOnlyList<Adaptation.StoredDemonstration>))]
[JsonSerializable(typeof(FormatProbe))]
internal sealed partial class TaskJson : JsonSerializerContext
{
    /// <summary>Writes kinds as "multi-label".</summary>
    internal sealed class KindConverter() : JsonStringEnumConverter<TaskKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

    /// <summary>Reads a file, first its format version, so that a newer format is not mistaken for a damaged file.</summary>
    /// <exception cref="PolymathException">The file is missing, damaged or of a newer format.</exception>
    public static T Read<T>(string path, int newest, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        try
        {
            var bytes = Bytes(path);
            var version = JsonSerializer.Deserialize(bytes, Default.FormatProbe)?.FormatVersion;
            if (version > newest)
                throw new PolymathException($"{path}: format version {version} is newer than this program knows ({newest}); use a newer version of Polymath");
            if (version is null or < 1) throw Damaged(path, "there is no format version");
            return JsonSerializer.Deserialize(bytes, type) ?? throw Damaged(path, "it is null");
        }
        catch (JsonException error)
        {
            throw Damaged(path, $"line {error.LineNumber + 1}, field {OneLine.Short(error.Path ?? "$")}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{path}: cannot be read ({Native.Disk.FirstLine(error)})", error);
        }
    }

    /// <summary>Shares the file with a writer that is about to replace it, which Windows would refuse otherwise.</summary>
    private static byte[] Bytes(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    public static PolymathException Damaged(string path, string what, Exception? cause = null) =>
        new($"{path}: is damaged ({what}); go back to an older generation or restore the file", cause!);
}

/// <summary>The one field that every version of every file has.</summary>
internal sealed record FormatProbe(int? FormatVersion = null);

/// <summary><c>library.json</c>: which generation counts.</summary>
internal sealed record LibraryPointer(int FormatVersion, int Generation);

/// <summary><c>generation.json</c>: for every task the folder that holds it, its own or that of an older generation.</summary>
internal sealed record GenerationManifest(int FormatVersion, int Generation, SortedDictionary<string, string> Tasks);
