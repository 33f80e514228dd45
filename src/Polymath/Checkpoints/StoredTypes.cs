using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>
/// The element types of the safetensors format, in the order of <c>enum Dtype</c> in the reference (huggingface/safetensors,
/// <c>safetensors/src/tensor.rs</c>): the order decides where a tensor stands in a file.
/// </summary>
internal static class StoredTypes
{
    private static readonly StoredType[] Ordered = Number(
        ("BOOL", 8, ScalarType.Bool), ("F4", 4, null), ("F6_E2M3", 6, null), ("F6_E3M2", 6, null), ("U8", 8, ScalarType.Byte),
        ("I8", 8, ScalarType.Int8), ("F8_E5M2", 8, null), ("F8_E4M3", 8, null), ("F8_E8M0", 8, null), ("F8_E4M3FNUZ", 8, null),
        ("F8_E5M2FNUZ", 8, null), ("I16", 16, ScalarType.Int16), ("U16", 16, null), ("F16", 16, ScalarType.Float16),
        ("BF16", 16, ScalarType.BFloat16), ("I32", 32, ScalarType.Int32), ("U32", 32, null), ("F32", 32, ScalarType.Float32),
        ("C64", 64, ScalarType.ComplexFloat32), ("F64", 64, ScalarType.Float64), ("I64", 64, ScalarType.Int64), ("U64", 64, null));

    private static readonly Dictionary<string, StoredType> ByName = Ordered.ToDictionary(type => type.Name);

    /// <summary>All names, for messages.</summary>
    public static string Names => string.Join(", ", Ordered.Select(type => type.Name));

    /// <summary>The type of that name, or null.</summary>
    public static StoredType? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The type that holds a tensor's elements, or null (complex128 has none).</summary>
    public static StoredType? Find(ScalarType torch) => Array.Find(Ordered, type => type.Torch == torch);

    /// <summary>
    /// Bytes of a tensor of that type and shape, or null where they are not a whole number or the count passes 2^63.
    /// Dimensions that are not 0 must not overflow among themselves either: strides are computed from them.
    /// </summary>
    public static long? ByteLength(StoredType type, ReadOnlySpan<long> shape)
    {
        UInt128 bits = (UInt128)type.Bits;
        bool empty = false;
        foreach (long size in shape)
        {
            if (size == 0)
            {
                empty = true;
                continue;
            }
            bits *= (UInt128)size;
            if (bits > (UInt128)long.MaxValue) return null;
        }
        if (empty) return 0;
        return bits % 8 == 0 ? (long)(bits / 8) : null;
    }

    private static StoredType[] Number(params (string Name, int Bits, ScalarType? Torch)[] types) =>
        [.. types.Select((type, order) => new StoredType(type.Name, type.Bits, order, type.Torch))];
}

/// <summary>One element type: its name in files, size in bits, place in the writing order, and torch's type where torch has one.</summary>
internal sealed record StoredType(string Name, int Bits, int Order, ScalarType? Torch);
