using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>
/// Linear layers of SmolLM2's shapes with few rows, as in decoding: F.linear in float32 and bfloat16 against weights in four bits. Each shape has as
/// many weights as the model has layers, taken in turn, so that they come from memory as they do there; the ways take turns too.
/// </summary>
internal static class FourBitBench
{
    /// <summary>Outputs, inputs, and how many of them a block of the model has.</summary>
    private static readonly (int Outputs, int Inputs, int InBlock)[] Shapes = [(576, 576, 2), (192, 576, 2), (1536, 576, 2), (576, 1536, 1)];

    private static readonly string[] Ways = ["float32", "bfloat16", "4-bit", "4-bit of bfloat16"];

    public static int Run(string[] args)
    {
        if (args.Contains("--dedicated")) ThreadSettings.SetDedicated(true);
        int rounds = Timing.Number(args, "--rounds", 15), copies = Timing.Number(args, "--copies", 30);
        Timing.Announce($"linear4: {copies} weights of each shape, {ThreadSettings.Threads} threads, medians of {rounds} rounds");
        if (!FourBitLinear.IsAvailable) throw new PolymathException("this platform's libtorch has no product in four bits");
        using var noGrad = no_grad();
        foreach (var rows in new[] { 1, 32 })
        {
            var token = new double[Ways.Length];
            foreach (var (outputs, inputs, inBlock) in Shapes)
            {
                using var scope = NewDisposeScope();
                var seconds = Measure(rows, outputs, inputs, copies, rounds, out var bytes, out var error);
                for (var way = 0; way < Ways.Length; way++) token[way] += seconds[way] * inBlock * copies;
                Console.WriteLine($"{rows,2} rows, {outputs,4} x {inputs,-4}  " + string.Join("   ", Ways.Select((name, way) => $"{name} {seconds[way] * 1e6,4:F0} us {bytes[way] / seconds[way] / 1e9,4:F1} GB/s {2.0 * rows * outputs * inputs / seconds[way] / 1e9,4:F0} GFLOP/s"))
                    + $"   4-bit: {seconds[1] / seconds[2]:F2} x bfloat16, error {error:E1}");
            }
            Console.WriteLine($"{rows,2} rows, {copies} blocks   " + string.Join("   ", Ways.Select((name, way) => $"{name} {token[way] * 1e3:F1} ms")) + $"   4-bit: {token[1] / token[2]:F2} x bfloat16   load {Timing.Load()}");
        }
        return 0;
    }

    /// <summary>Median seconds of a product, and the bytes of weight that it reads, by each way; the largest difference of 4-bit from the decoded weight, of the largest output.</summary>
    private static double[] Measure(int rows, int outputs, int inputs, int copies, int rounds, out double[] bytes, out double error)
    {
        var stored = Enumerable.Range(0, copies).Select(seed => Random(seed, outputs, inputs)).ToArray();
        Tensor[] plain = [.. stored.Select(part => part.Weight)], half = [.. plain.Select(weight => weight.bfloat16())];
        FourBitLinear[] packed = [.. stored.Select(part => FourBitLinear.Pack([part.Rows], inputs, null)!)];
        Tensor x = randn(rows, inputs), y = x.bfloat16();
        Func<int, Tensor>[] runs = [i => nn.functional.linear(x, plain[i]), i => nn.functional.linear(y, half[i]), i => packed[i].Forward(x), i => packed[i].Forward(y)];
        var times = Ways.Select(_ => new List<double>()).ToArray();
        for (var round = -2; round < rounds; round++)
        {
            for (var way = 0; way < runs.Length; way++)
            {
                var time = Timing.Seconds(() => { for (var i = 0; i < copies; i++) runs[way](i).Dispose(); }) / copies;
                if (round >= 0) times[way].Add(time);
            }
        }
        bytes = [4.0 * outputs * inputs, 2.0 * outputs * inputs, packed[0].ByteLength, packed[0].ByteLength];
        using var wanted = runs[0](0);
        using var found = runs[2](0);
        error = (wanted - found).abs().max().item<float>() / wanted.abs().max().item<float>();
        foreach (var layer in packed) layer.Dispose();
        return [.. times.Select(Timing.Median)];
    }

    /// <summary>Random blocks of Q4_1 and what they stand for.</summary>
    private static (FourBitRows Rows, Tensor Weight) Random(int seed, int outputs, int inputs)
    {
        var random = new Random(seed);
        var type = Checkpoints.Gguf.GgufType.Q4_1;
        var bytes = new byte[outputs * inputs / 32 * type.BlockBytes];
        random.NextBytes(bytes);
        for (var at = 0; at < bytes.Length; at += type.BlockBytes)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), (Half)(0.01 + 0.01 * random.NextDouble()));
            BitConverter.TryWriteBytes(bytes.AsSpan(at + 2), (Half)(-0.1 * random.NextDouble()));
        }
        var values = new float[outputs * inputs];
        type.Values!(bytes, values);
        return (new FourBitRows(bytes, outputs, HasMinimum: true), tensor(values, [outputs, inputs]));
    }
}
