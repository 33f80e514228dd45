using Polymath.Checkpoints;
using Polymath.Checkpoints.Gguf;

namespace Polymath.Tests;

public class GgufBlockTests
{
    [Theory]
    [InlineData("F16", 1)]
    [InlineData("BF16", 30)]
    [InlineData("Q4_0", 2)]
    [InlineData("Q4_1", 3)]
    [InlineData("Q5_0", 6)]
    [InlineData("Q5_1", 7)]
    [InlineData("Q8_0", 8)]
    [InlineData("Q2_K", 10)]
    [InlineData("Q3_K", 11)]
    [InlineData("Q4_K", 12)]
    [InlineData("Q5_K", 13)]
    [InlineData("Q6_K", 14)]
    [InlineData("IQ4_NL", 20)]
    [InlineData("IQ4_XS", 23)]
    public void Blocks_are_decoded_to_the_bit_as_the_reference_does(string type, uint id)
    {
        using var golden = SafetensorsFile.Open(TestFiles.Golden("formats", "gguf-blocks.safetensors"));
        var bytes = new byte[golden.Info(type + ".bytes").ByteLength];
        golden.CopyBytes(type + ".bytes", 0, bytes);
        var wanted = golden.ReadFloats(type + ".values");
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(new GgufBuilder().Tensor("x", id, [2, wanted.Length / 2], bytes).Save(folder["x.gguf"]));
        using var tensor = file.Read("x");
        Assert.Equal([2, wanted.Length / 2], tensor.shape);
        using var floats = tensor.to(TorchSharp.torch.ScalarType.Float32);
        Assert.Equal(wanted.Select(BitConverter.SingleToInt32Bits), floats.data<float>().ToArray().Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void A_tensor_longer_than_the_reading_buffer_is_read_whole()
    {
        var random = new Random(3);
        var bytes = new byte[3000 * 34];
        random.NextBytes(bytes);
        for (var block = 0; block < 3000; block++) BitConverter.TryWriteBytes(bytes.AsSpan(block * 34), (Half)1);
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(new GgufBuilder().Tensor("x", 8, [1000, 96], bytes).Save(folder["x.gguf"]));
        using var tensor = file.Read("x");
        var wanted = Enumerable.Range(0, 3000).SelectMany(block => Enumerable.Range(2, 32).Select(i => (float)(sbyte)bytes[block * 34 + i]));
        Assert.Equal(wanted, tensor.data<float>().ToArray());
    }
}
