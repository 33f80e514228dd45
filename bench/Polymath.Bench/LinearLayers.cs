using Polymath.Backbones;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>The four linear layers of one block of an encoder (queries, keys and values as one), for timing them without the rest.</summary>
internal sealed class LinearLayers(NetworkConfig config, ScalarType type)
{
    private const int Runs = 25;

    private readonly (int Inputs, int Outputs)[] _shapes =
        [(config.Width, 3 * config.Width), (config.Width, config.Width), (config.Width, config.Intermediate), (config.Intermediate, config.Width)];

    /// <summary>Floating-point operations of one block: 2 · tokens · (4 · H² + 2 · H · I).</summary>
    public double Flop(long tokens) => _shapes.Sum(shape => 2.0 * tokens * shape.Inputs * shape.Outputs);

    /// <summary>GFLOP/s of F.linear over the four shapes, each by its share of the operations; the median of some runs.</summary>
    public double Peak(int rows)
    {
        double seconds = 0;
        foreach (var (inputs, outputs) in _shapes)
        {
            using var scope = NewDisposeScope();
            Tensor x = randn(rows, inputs).to(type), w = randn(outputs, inputs).to(type), b = randn(outputs).to(type);
            void Once() => nn.functional.linear(x, w, b).Dispose();
            for (var i = 0; i < 5; i++) Once();
            seconds += Timing.Median([.. Enumerable.Range(0, Runs).Select(_ => Timing.Seconds(Once))]);
        }
        return Flop(rows) / seconds / 1e9;
    }

    /// <summary>GFLOP/s of the layers as the network runs them (activation and residual sum fused in) over batches of these numbers of tokens, at most 200 of them.</summary>
    public double Fused(int[] batches)
    {
        int[] some = [.. batches.Where((_, at) => at % (1 + batches.Length / 200) == 0)];
        using var scope = NewDisposeScope();
        var layers = Array.ConvertAll(_shapes, shape => FusedLinear.Pack(randn(shape.Outputs, shape.Inputs).to(type) * 0.02, randn(shape.Outputs).to(type))
            ?? throw new PolymathException("this libtorch has no fused linear layers"));
        var input = randn(batches.Max(), config.Width).to(type);
        void Pass(int[] sizes)
        {
            foreach (var tokens in sizes)
            {
                using var step = NewDisposeScope();
                var x = input.narrow(0, 0, tokens);
                _ = layers[0].Forward(x);
                var attended = layers[1].ForwardAdd(x, x);
                _ = layers[3].ForwardAdd(layers[2].Forward(attended, Activation.Gelu), attended);
            }
        }
        Pass(some[..Math.Min(10, some.Length)]);
        var seconds = Timing.Seconds(() => Pass(some));
        foreach (var layer in layers) layer.Dispose();
        return some.Sum(tokens => Flop(tokens)) / seconds / 1e9;
    }
}
