using System.Runtime.Intrinsics.X86;

namespace Polymath.Native;

/// <summary>What the processor offers for 16-bit brain floating point, read from CPUID (Intel SDM, leaf 7).</summary>
internal static class Processor
{
    /// <summary>Dot products of bfloat16 pairs in 512-bit registers.</summary>
    public static bool HasAvx512Bf16 { get; } = Leaf7(subLeaf: 1).Eax is var eax && (eax & (1 << 5)) != 0;

    /// <summary>Tile products of bfloat16.</summary>
    public static bool HasAmxBf16 { get; } = Leaf7(subLeaf: 0).Edx is var edx && (edx & (1 << 22)) != 0;

    /// <summary>Whether bfloat16 products have instructions of their own.</summary>
    public static bool HasBf16 => HasAvx512Bf16 || HasAmxBf16;

    private static (int Eax, int Edx) Leaf7(int subLeaf)
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7) return (0, 0);
        if (subLeaf > X86Base.CpuId(7, 0).Eax) return (0, 0);
        var (eax, _, _, edx) = X86Base.CpuId(7, subLeaf);
        return (eax, edx);
    }
}
