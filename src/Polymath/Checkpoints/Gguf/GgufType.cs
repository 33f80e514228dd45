namespace Polymath.Checkpoints.Gguf;

/// <summary>Turns whole blocks of a quantised type into numbers; the spans hold the same number of blocks.</summary>
internal delegate void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values);

/// <summary>
/// One element type of GGUF: values stand in blocks of <paramref name="BlockLength"/> that take <paramref name="BlockBytes"/> bytes each.
/// Numbers and layouts: ggml-org/llama.cpp, <c>ggml/src/ggml-common.h</c> and <c>gguf-py/gguf/constants.py</c>.
/// </summary>
/// <param name="Id">Its number in files.</param>
/// <param name="Name">Its name.</param>
/// <param name="BlockLength">Values in a block; 1 for plain numbers.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Values">How blocks become numbers; null for plain numbers, which torch holds as they are.</param>
internal sealed record GgufType(uint Id, string Name, int BlockLength, int BlockBytes, Dequantize? Values)
{
    public static readonly GgufType
        F32 = new(0, "F32", 1, 4, null),
        F16 = new(1, "F16", 1, 2, null),
        BF16 = new(30, "BF16", 1, 2, null),
        Q4_0 = new(2, "Q4_0", 32, 18, SimpleBlocks.Q4_0),
        Q4_1 = new(3, "Q4_1", 32, 20, SimpleBlocks.Q4_1);

    private static readonly Dictionary<uint, GgufType> ById = new[]
    {
        F32, F16, BF16, Q4_0, Q4_1,
        new(6, "Q5_0", 32, 22, SimpleBlocks.Q5_0),
        new(7, "Q5_1", 32, 24, SimpleBlocks.Q5_1),
        new(8, "Q8_0", 32, 34, SimpleBlocks.Q8_0),
        new(10, "Q2_K", 256, 84, SuperBlocks.Q2_K),
        new(11, "Q3_K", 256, 110, SuperBlocks.Q3_K),
        new(12, "Q4_K", 256, 144, SuperBlocks.Q4_K),
        new(13, "Q5_K", 256, 176, SuperBlocks.Q5_K),
        new(14, "Q6_K", 256, 210, SuperBlocks.Q6_K),
        new(20, "IQ4_NL", 32, 18, TableBlocks.IQ4_NL),
        new(23, "IQ4_XS", 256, 136, TableBlocks.IQ4_XS),
    }.ToDictionary(type => type.Id);

    /// <summary>Types that other programs write and that are not read here, for messages.</summary>
    private static readonly Dictionary<uint, string> OtherNames = new (uint Id, string Name)[]
    {
        (9, "Q8_1"), (15, "Q8_K"), (16, "IQ2_XXS"), (17, "IQ2_XS"), (18, "IQ3_XXS"), (19, "IQ1_S"), (21, "IQ3_S"), (22, "IQ2_S"),
        (24, "I8"), (25, "I16"), (26, "I32"), (27, "I64"), (28, "F64"), (29, "IQ1_M"), (34, "TQ1_0"), (35, "TQ2_0"), (39, "MXFP4"),
    }.ToDictionary(type => type.Id, type => type.Name);

    /// <summary>Whether values are stored as plain numbers.</summary>
    public bool IsPlain => Values is null;

    /// <summary>The type in which its tensors are read: their own where torch has it, else F32.</summary>
    public string ReadAs => IsPlain ? Name : "F32";

    /// <summary>All names that are read, for messages.</summary>
    public static string Names => string.Join(", ", ById.Values.Select(type => type.Name));

    /// <summary>The type of that number, or null.</summary>
    public static GgufType? Find(uint id) => ById.GetValueOrDefault(id);

    /// <summary>What a number that <see cref="Find"/> does not know is called elsewhere.</summary>
    public static string Describe(uint id) => OtherNames.TryGetValue(id, out var name) ? $"of type {name}" : $"of an unknown type ({id})";
}
