using System.Runtime.InteropServices;
using Polymath.Checkpoints.Gguf;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

public class FourBitLinearTests
{
    [Theory]
    [InlineData("Q4_1", ScalarType.Float32)]
    [InlineData("Q4_0", ScalarType.Float32)]
    [InlineData("Q4_1", ScalarType.BFloat16)]
    [InlineData("Q4_0", ScalarType.BFloat16)]
    public void The_product_is_that_of_the_decoded_blocks(string kind, ScalarType type)
    {
        Assert.Equal(RuntimeInformation.ProcessArchitecture == Architecture.X64 && !OperatingSystem.IsMacOS(), FourBitLinear.IsAvailable);
        Assert.SkipUnless(FourBitLinear.IsAvailable, "this platform's libtorch has no product in four bits");
        using var scope = NewDisposeScope();
        torch.random.manual_seed(3);
        foreach (var (outputs, inputs) in new[] { (16, 32), (48, 64), (192, 576) })
        {
            var (rows, weight) = Random(kind == "Q4_1", outputs, inputs);
            var bias = randn(outputs);
            using var layer = FourBitLinear.Pack([rows], inputs, bias)!;
            foreach (var count in new[] { 1, 3, 32, 70 })
            {
                Tensor x = randn(count, inputs), residual = randn(count, outputs);
                var plain = nn.functional.linear(x.to(type).to(ScalarType.Float32), weight, bias);
                Same(plain, layer.Forward(x.to(type)));
                Same(nn.functional.silu(plain), layer.Forward(x.to(type), Activation.Silu));
                Same(plain + residual, layer.ForwardAdd(x.to(type), residual.to(type)));
            }

            void Same(Tensor expected, Tensor found)
            {
                Assert.Equal((type, expected.shape.ToString()), (found.dtype, found.shape.ToString()));
                Near(expected, found);
            }
        }
    }

    [Fact]
    public void Layers_that_read_the_same_input_become_one()
    {
        Assert.SkipUnless(FourBitLinear.IsAvailable, "this platform's libtorch has no product in four bits");
        using var scope = NewDisposeScope();
        var (a, first) = Random(minimum: true, 24, 64);
        var (b, second) = Random(minimum: false, 8, 64);
        using var layer = FourBitLinear.Pack([a, b], 64, null)!;
        var x = randn(5, 64);
        var expected = cat([nn.functional.linear(x, first), nn.functional.linear(x, second)], 1);
        Near(expected, layer.Forward(x));
        Assert.Equal(32 * 64 / 2 + 2 * 32 * 2 * 2, layer.ByteLength);
    }

    [Fact]
    public void What_the_operator_cannot_hold_is_left_to_other_layers()
    {
        using var scope = NewDisposeScope();
        Assert.Null(FourBitLinear.Pack([Random(minimum: true, 24, 64).Rows], 64, null));
        Assert.Null(FourBitLinear.Pack([], 64, null));
        if (FourBitLinear.IsAvailable) Assert.Throws<ArgumentException>(() => FourBitLinear.Pack([new FourBitRows(new byte[20], 16, true)], 64, null));
    }

    [Fact]
    public void SmolLM2s_layers_come_from_the_file_without_being_decoded()
    {
        using var model = GgufModel.Open(TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        Assert.SkipUnless(FourBitLinear.IsAvailable, "this platform's libtorch has no product in four bits");
        using var scope = NewDisposeScope();
        string[] names = [.. new[] { "q", "k", "v" }.Select(part => $"model.layers.7.self_attn.{part}_proj.weight")];
        using var layer = FourBitLinear.Pack([.. names.Select(name => model.ReadFourBit(name)!)], 576, null)!;
        var x = randn(3, 576);
        var expected = nn.functional.linear(x, cat([.. names.Select(model.Read)], 0));
        Near(expected, layer.Forward(x));
        Assert.Null(model.ReadFourBit("model.embed_tokens.weight"));
    }

    /// <summary>bfloat16 has eight bits, so a rounding is wrong by 2^-9 at most; inputs, scales, zeros, the output and what is added to it are rounded.</summary>
    private static void Near(Tensor expected, Tensor found) =>
        Assert.InRange((found.to(ScalarType.Float32) - expected).abs().max().item<float>() / expected.abs().max().item<float>(), 0, 1e-2);

    /// <summary>Random blocks with reasonable scales, and what they stand for [outputs, inputs].</summary>
    private static (FourBitRows Rows, Tensor Weight) Random(bool minimum, int outputs, int inputs)
    {
        var random = new Random(5);
        var type = minimum ? GgufType.Q4_1 : GgufType.Q4_0;
        var bytes = new byte[outputs * inputs / 32 * type.BlockBytes];
        random.NextBytes(bytes);
        for (var at = 0; at < bytes.Length; at += type.BlockBytes)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), (Half)(0.01 + 0.02 * random.NextDouble()));
            if (minimum) BitConverter.TryWriteBytes(bytes.AsSpan(at + 2), (Half)(-0.3 * random.NextDouble()));
        }
        var values = new float[outputs * inputs];
        type.Values!(bytes, values);
        return (new FourBitRows(bytes, outputs, minimum), tensor(values, [outputs, inputs]));
    }
}
