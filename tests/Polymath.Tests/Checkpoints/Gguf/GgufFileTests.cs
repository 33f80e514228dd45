using Polymath.Checkpoints;
using Polymath.Checkpoints.Gguf;

namespace Polymath.Tests;

public class GgufFileTests
{
    [Theory]
    [InlineData(2u, 32)]
    [InlineData(3u, 32)]
    [InlineData(3u, 128)]
    [InlineData(3u, 1)]
    public void Metadata_of_every_type_and_tensors_are_read(uint version, int alignment)
    {
        using var folder = new TemporaryFolder();
        var builder = new GgufBuilder { Version = version, Alignment = alignment }
            .Set("general.alignment", (uint)alignment)
            .Set("byte", (byte)200).Set("sbyte", (sbyte)-3).Set("ushort", (ushort)60000).Set("short", (short)-5).Set("uint", 4000000000u).Set("int", 7).Set("float", 0.5f)
            .Set("bool", true).Set("text", "größe\n").Set("ulong", ulong.MaxValue).Set("long", -9L).Set("double", 0.25)
            .Set("texts", new[] { "a", "", "漢" }).Set("floats", new[] { 1f, -2f }).Set("ints", new[] { 1, -2, 3 }).Set("bytes", new byte[] { 1, 255 }).Set("nested", new[] { new[] { 1, 2 }, [3] }).Set("none", Array.Empty<string>())
            .Tensor("scalar", [], [3f]).Tensor("row", [3], [1f, 2f, 3f]).Tensor("matrix", [2, 3], [1f, 2f, 3f, 4f, 5f, 6f]).Tensor("empty", [0, 4], []);
        using var file = GgufFile.Open(builder.Save(folder["x.gguf"]));
        var metadata = file.Metadata;
        Assert.Equal([200, 60000, 7], new[] { "byte", "ushort", "int" }.Select(key => metadata.Count(key)!.Value));
        Assert.Equal([-3f, -5f, -9f, 4e9f, 0.5f, 0.25f], new[] { "sbyte", "short", "long", "uint", "float", "double" }.Select(key => metadata.Number(key)!.Value));
        Assert.True(metadata.Flag("bool"));
        Assert.Equal("größe\n", metadata.Text("text"));
        Assert.Equal(["a", "", "漢"], metadata.Texts("texts")!);
        Assert.Empty(metadata.Texts("none")!);
        Assert.Equal([1f, -2f], metadata.Numbers("floats")!);
        Assert.Equal([1, -2, 3], metadata.Integers("ints")!);
        Assert.Equal([1, 255], metadata.Integers("bytes")!);
        Assert.Null(metadata.Count("absent"));
        foreach (var key in new[] { "ulong", "uint", "sbyte", "text", "texts" }) Refused(() => metadata.Count(key), $"the metadata '{key}' is ");
        Refused(() => metadata.Numbers("texts"), "is a list of 3 values, where a list of numbers was expected");
        Refused(() => metadata.Integers("nested"), "where a list of whole numbers was expected");
        Assert.Equal(["scalar", "row", "matrix", "empty"], file.Tensors.Keys);
        Assert.Equal([2, 3], file.Find("matrix").Shape);
        using var matrix = file.Read("matrix");
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], matrix.data<float>().ToArray());
        using var scalar = file.Read("scalar");
        Assert.Equal(3f, scalar.item<float>());
        using var empty = file.Read("empty");
        Assert.Equal([0, 4], empty.shape);
    }

    [Fact]
    public void What_breaks_the_format_is_refused_in_one_line()
    {
        Broken("does not begin with GGUF", _ => "GGUX and twenty more bytes"u8.ToArray());
        Broken("does not begin with GGUF", _ => []);
        Broken("is GGUF version 1", builder => With(builder, b => b.Version = 1));
        Broken("big-endian", builder => With(builder, b => b.Version = 0x03000000));
        Broken("the number of tensors claims 18446744073709551615", builder => Changed(builder.Build(), 8, ulong.MaxValue));
        Broken("the number of metadata claims 1099511627776", builder => Changed(builder.Build(), 16, 1ul << 40));
        Broken("only ", builder => builder.Build()[..^33]);
        Broken("power of two", builder => With(builder, b => b.Set("general.alignment", 24u)));
        Broken("is of type IQ2_XS", builder => With(builder, b => b.Tensor("y", 17, [256], new byte[74])));
        Broken("of an unknown type (99)", builder => With(builder, b => b.Tensor("y", 99, [1], new byte[4])));
        Broken("not whole blocks of Q4_0", builder => With(builder, b => b.Tensor("y", 2, [48], new byte[36])));
        Broken("5 dimensions", builder => With(builder, b => b.Tensor("y", [1, 1, 1, 1, 1], [1f])));
        Broken("a dimension of 4294967296", builder => With(builder, b => b.Tensor("y", [1L << 32], [1f])));
        Broken("is too large", builder => With(builder, b => b.Tensor("y", [1 << 30, 1 << 30], [1f])));
        Broken("comes twice", builder => With(builder, b => b.Tensor("x", [1], [1f])));
        Broken("one of 3 parts", builder => With(builder, b => b.Set("split.count", (ushort)3)));

        static byte[] With(GgufBuilder builder, Action<GgufBuilder> change)
        {
            change(builder);
            return builder.Build();
        }

        static byte[] Changed(byte[] bytes, int at, ulong number)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), number);
            return bytes;
        }

        static void Broken(string expected, Func<GgufBuilder, byte[]> make)
        {
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(folder["x.gguf"], make(new GgufBuilder().Set("key", "value").Tensor("x", [2, 2], [1f, 2f, 3f, 4f])));
            Refused(() => GgufFile.Open(folder["x.gguf"]).Dispose(), expected);
        }
    }

    [Fact]
    public void Tensors_that_overlap_or_are_not_aligned_are_refused()
    {
        using var folder = new TemporaryFolder();
        var bytes = new GgufBuilder().Tensor("x", [8], new float[8]).Tensor("y", [8], new float[8]).Build();
        // The last number of the second description, before the padding, is its place: 32.
        var at = bytes.AsSpan().LastIndexOf("y"u8) + 1 + 4 + 8 + 4;
        Assert.Equal(32L, BitConverter.ToInt64(bytes, at));
        foreach (var (place, expected) in new[] { (0L, "overlaps"), (16L, "not a multiple of the alignment"), (64L, "the file is cut short"), (long.MaxValue, "beyond the end") })
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), place);
            File.WriteAllBytes(folder["x.gguf"], bytes);
            Refused(() => GgufFile.Open(folder["x.gguf"]).Dispose(), expected);
        }
    }

    internal static void Refused(Action action, string expected)
    {
        var refusal = Assert.Throws<PolymathException>(action);
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private static void Refused(Func<object?> action, string expected) => Refused(() => { _ = action(); }, expected);
}
