using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>GFLOP/s of the linear layers of a 384-wide encoder: the ceiling that a forward pass is held against.</summary>
internal static class LinearBench
{
    public static int Run(string[] args)
    {
        ThreadSettings.SetDedicated(true);
        var rows = Timing.Number(args, "--rows", 2048);
        Timing.Announce($"linear: GFLOP/s for {rows} rows, {ThreadSettings.Threads} threads, medians of 25 runs");
        using var noGrad = no_grad();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
            foreach (var (inputs, outputs) in new[] { (384, 1152), (384, 384), (384, 1536), (1536, 384) })
            {
                using var scope = NewDisposeScope();
                Tensor x = randn(rows, inputs).to(type), w = randn(outputs, inputs).to(type), b = randn(outputs).to(type), y = randn(rows, outputs).to(type);
                using var fused = FusedLinear.Pack(w, b);
                double Speed(Func<Tensor> run)
                {
                    for (var i = 0; i < 5; i++) run().Dispose();
                    return 2.0 * rows * inputs * outputs / Timing.Median(Enumerable.Range(0, 25).Select(_ => Timing.Seconds(() => run().Dispose())).ToArray()) / 1e9;
                }
                Console.WriteLine($"{type,-9} {inputs,5} → {outputs,-5} F.linear {Speed(() => nn.functional.linear(x, w, b)),5:F0}   fused {Speed(() => fused!.Forward(x)),5:F0}"
                    + $"   fused gelu {Speed(() => fused!.Forward(x, Activation.Gelu)),5:F0}   F.linear then gelu {Speed(() => { using var h = nn.functional.linear(x, w, b); return nn.functional.gelu(h); }),5:F0}"
                    + $"   fused add {Speed(() => fused!.ForwardAdd(x, y)),5:F0}");
            }
        return 0;
    }
}
