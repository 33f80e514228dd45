using System.Diagnostics;
using TorchSharp;

namespace Polymath.Native;

/// <summary>The number format of a forward pass. Master weights in training are float32 whatever is chosen here.</summary>
public enum Precision
{
    /// <summary>32-bit floats: reference results.</summary>
    Float32,
    /// <summary>16-bit brain floats for weights and activations: half the memory, and faster where the processor multiplies them fast.</summary>
    BFloat16,
    /// <summary>
    /// <see cref="BFloat16"/> where the processor has instructions for it and a short measurement finds them faster, else <see cref="Float32"/>.
    /// The instruction set alone does not tell: some processors with AVX512-BF16 multiply bfloat16 at half the rate of float32.
    /// </summary>
    Auto,
}

/// <summary>Resolves <see cref="Precision.Auto"/>.</summary>
internal static class Precisions
{
    private static readonly Lazy<double> Speed = new(MeasureSpeed);

    /// <summary>How many times faster a bfloat16 matrix product is than a float32 one here; measured once in a process, in some ten milliseconds.</summary>
    public static double BFloat16Speed => Processor.HasBf16 ? Speed.Value : 0;

    /// <summary>The format to use.</summary>
    public static Precision Resolve(Precision wanted) =>
        wanted != Precision.Auto ? wanted : BFloat16Speed > 1.2 ? Precision.BFloat16 : Precision.Float32;

    /// <summary>The name used in feature keys, artifacts and on the command line.</summary>
    public static string Name(Precision precision) => Resolve(precision) == Precision.BFloat16 ? "bf16" : "float32";

    /// <summary>The tensor type that holds weights and activations.</summary>
    public static torch.ScalarType TensorType(Precision precision) =>
        Resolve(precision) == Precision.BFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;

    private static double MeasureSpeed()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var x = torch.ones(256, 512);
        var w = torch.ones(512, 512);
        return Best(x, w) / Best(x.bfloat16(), w.bfloat16());
    }

    private static double Best(torch.Tensor x, torch.Tensor w)
    {
        var best = double.MaxValue;
        for (var run = 0; run < 8; run++)
        {
            var start = Stopwatch.GetTimestamp();
            torch.nn.functional.linear(x, w).Dispose();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}
