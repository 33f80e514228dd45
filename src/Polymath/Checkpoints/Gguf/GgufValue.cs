namespace Polymath.Checkpoints.Gguf;

/// <summary>The types of metadata, by their numbers in files.</summary>
internal enum GgufValueType : uint
{
    UInt8, Int8, UInt16, Int16, UInt32, Int32, Float32, Bool, Text, Array, UInt64, Int64, Float64,
}

/// <summary>
/// A list in the metadata. Numbers stay the file's bytes until they are asked for, so that a file cannot ask for more memory than it has bytes;
/// texts are <paramref name="Texts"/>, lists of lists <paramref name="Lists"/>.
/// </summary>
internal sealed record GgufArray(GgufValueType Element, int Count, byte[]? Numbers, string[]? Texts, GgufArray[]? Lists);

/// <summary>Sizes of metadata values.</summary>
internal static class GgufValueTypes
{
    /// <summary>Bytes of a number; of a text or a list the fewest bytes it can have.</summary>
    public static int LeastBytes(this GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12,
        _ => 8,
    };
}
