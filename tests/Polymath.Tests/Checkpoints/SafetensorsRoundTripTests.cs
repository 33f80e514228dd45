using Polymath.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

public class SafetensorsRoundTripTests
{
    public static TheoryData<string> GoldenFiles() => [.. Directory
        .EnumerateFiles(TestFiles.Golden(), "*.safetensors", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(TestFiles.Golden(), path))
        .Where(path => !path.StartsWith("pickle", StringComparison.Ordinal)) // those were not written by the reference's own writer
        .Order(StringComparer.Ordinal)];

    [Fact]
    public void There_are_golden_files_to_compare_with() => Assert.True(GoldenFiles().Count >= 29);

    [Theory, MemberData(nameof(GoldenFiles))]
    public void Reading_all_tensors_and_writing_them_gives_the_reference_bytes(string relative)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        string golden = TestFiles.Golden(relative);
        using (var file = SafetensorsFile.Open(golden))
        {
            // Reversed, so that the writer has to find the order itself.
            SafetensorsWriter.Write(folder["copy.safetensors"], file.Tensors.Keys.Reverse().Select(name => KeyValuePair.Create(name, file.Read(name))), file.Metadata);
        }
        Assert.Equal(File.ReadAllBytes(golden), File.ReadAllBytes(folder["copy.safetensors"]));
    }

    [Fact]
    public void A_real_model_is_written_as_its_makers_wrote_it()
    {
        string real = TestFiles.Shared("models", "all-MiniLM-L6-v2", "model.safetensors");
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(real);
        SafetensorsWriter.Write(folder["copy"], file.Tensors.Keys.Select(name => KeyValuePair.Create(name, file.Read(name))), file.Metadata);
        Assert.True(File.ReadAllBytes(real).AsSpan().SequenceEqual(File.ReadAllBytes(folder["copy"])));
    }

    [Fact]
    public void Tensors_have_the_stored_values()
    {
        using var file = SafetensorsFile.Open(TestFiles.Golden("training", "classical.safetensors"));
        using var labels = file.Read("y");
        using var features = file.Read("cka.a");
        Assert.Equal(ScalarType.Int64, labels.dtype);
        Assert.Equal(file.ReadIntegers("y"), labels.data<long>().ToArray());
        Assert.Equal(file.Info("cka.a").Shape, features.shape);
        Assert.Equal(file.ReadFloats("cka.a"), features.data<float>().ToArray());
    }

    [Fact]
    public void Every_element_type_of_torch_keeps_type_shape_and_bytes()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        manual_seed(1);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var type in new[]
        {
            ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64,
            ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.ComplexFloat32,
        })
        {
            tensors[$"matrix.{type}"] = randn(3, 5).mul(50).to(type);
            tensors[$"scalar.{type}"] = ones([], type);
            tensors[$"empty.{type}"] = zeros([0, 4], type);
        }
        SafetensorsWriter.Write(folder["all.safetensors"], tensors);
        using var file = SafetensorsFile.Open(folder["all.safetensors"]);
        Assert.Equal(tensors.Count, file.Tensors.Count);
        foreach (var (name, expected) in tensors)
        {
            var actual = file.Read(name);
            Assert.Equal(expected.dtype, actual.dtype);
            Assert.Equal(expected.shape, actual.shape);
            Assert.Equal(expected.bytes.ToArray(), actual.bytes.ToArray());
        }
    }

    [Fact]
    public void Views_and_parameters_are_written_contiguous()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var matrix = arange(12, ScalarType.Float32).view(3, 4);
        SafetensorsWriter.Write(folder["views"], new Dictionary<string, Tensor>
        {
            ["transposed"] = matrix.t(),
            ["column"] = matrix[.., 1],
            ["row"] = matrix[2],
            ["parameter"] = nn.Parameter(matrix.clone()),
        });
        using var file = SafetensorsFile.Open(folder["views"]);
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], file.ReadFloats("transposed"));
        Assert.Equal([1, 5, 9], file.ReadFloats("column"));
        Assert.Equal([8, 9, 10, 11], file.ReadFloats("row"));
        Assert.Equal(12, file.ReadFloats("parameter").Length);
    }

    [Fact]
    public void Arrays_are_converted_from_every_number_type()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        float[] floats = [0, -1.5f, 2, 240, float.PositiveInfinity];
        long[] integers = [0, 1, 100, 127];
        var tensors = new Dictionary<string, Tensor> { ["bool"] = tensor(new[] { true, false }) };
        foreach (var type in new[] { ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64 })
            tensors[$"{type}"] = tensor(floats).to(type);
        foreach (var type in new[] { ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64 })
            tensors[$"{type}"] = tensor(integers).to(type);
        SafetensorsWriter.Write(folder["numbers"], tensors);
        using var file = SafetensorsFile.Open(folder["numbers"]);
        foreach (var name in new[] { "Float16", "BFloat16", "Float32", "Float64" }) Assert.Equal(floats, file.ReadFloats(name));
        foreach (var name in new[] { "Byte", "Int8", "Int16", "Int32", "Int64" }) Assert.Equal(integers, file.ReadIntegers(name));
        Assert.Equal([1, 0], file.ReadIntegers("bool"));
        Assert.Contains("'Int64' is I64", Assert.Throws<PolymathException>(() => file.ReadFloats("Int64")).Message);
        Assert.Contains("'Float32' is F32", Assert.Throws<PolymathException>(() => file.ReadIntegers("Float32")).Message);
    }

    [Fact]
    public void Plain_arrays_need_no_torch_and_give_the_same_file()
    {
        using var folder = new TemporaryFolder();
        float[] weight = [1, 2, 3, 4, 5, 6];
        SafetensorsWriter.Write(folder["plain"], [StoredTensor.Of("weight", weight, 2, 3), StoredTensor.Of("labels", [4L, 5L]), StoredTensor.Of("bias", [0.5])]);
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(folder["torch"], new Dictionary<string, Tensor> { ["weight"] = tensor(weight).view(2, 3), ["labels"] = tensor([4L, 5L]), ["bias"] = tensor([0.5]) });
        }
        Assert.Equal(File.ReadAllBytes(folder["torch"]), File.ReadAllBytes(folder["plain"]));
    }

    [Fact]
    public void Types_that_torch_lacks_are_opened_and_refused_by_name_when_read()
    {
        using var folder = new TemporaryFolder();
        string[] types = ["F4", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "U16", "U32", "U64", "F6_E2M3", "F6_E3M2"];
        int[] bits = [4, 8, 8, 8, 8, 8, 16, 32, 64, 6, 6];
        SafetensorsWriter.Write(folder["odd"], types.Select((type, i) => new StoredTensor($"t.{type}", type, [2, 4], new byte[bits[i]])));
        using var file = SafetensorsFile.Open(folder["odd"]);
        foreach (string type in types)
        {
            string message = Assert.Throws<PolymathException>(() => file.Read($"t.{type}")).Message;
            Assert.Contains($"tensor 't.{type}' is {type}, which TorchSharp cannot hold", message);
        }
        Assert.Equal(new long[8], file.ReadIntegers("t.U64"));
    }

    [Fact]
    public void Names_and_metadata_of_any_characters_survive()
    {
        using var folder = new TemporaryFolder();
        string[] names = ["", "\"quoted\\\"", "tab\tline\nnull\0", "größe.重み", "😀", "｡"];
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["note"] = "a \"b\"\u0001é" };
        SafetensorsWriter.Write(folder["names"], names.Select((name, i) => StoredTensor.Of(name, [(float)i])), metadata);
        using var file = SafetensorsFile.Open(folder["names"]);
        Assert.Equal(metadata, file.Metadata);
        for (int i = 0; i < names.Length; i++) Assert.Equal([i], file.ReadFloats(names[i]));
        // Order of UTF-8 bytes: the halfwidth stop U+FF61 stands before the emoji U+1F600, though its UTF-16 unit is larger.
        Assert.Equal(["｡", "😀"], file.Tensors.Keys.TakeLast(2));
    }

    [Fact]
    public void Large_tensors_are_copied_block_by_block()
    {
        using var scope = NewDisposeScope();
        var whole = arange(1003, ScalarType.Int16).view(17, 59);
        var bytes = new byte[2006];
        var sizes = new List<int>();
        TensorBytes.ForEachBlock(whole, (offset, block) => { block.CopyTo(bytes.AsSpan((int)offset)); sizes.Add(block.Length); }, blockBytes: 501);
        Assert.Equal(whole.bytes.ToArray(), bytes);
        Assert.Equal([500, 500, 500, 500, 6], sizes);
    }

    [Fact]
    public void A_stream_and_stretches_give_a_tensors_bytes()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], [new StoredTensor("x", "U8", [5], new byte[] { 1, 2, 3, 4, 5 }), new StoredTensor("y", "U8", [1], new byte[] { 9 })]);
        using var file = SafetensorsFile.Open(folder["a"]);
        using var stream = file.OpenBytes("x");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        Assert.Equal([1, 2, 3, 4, 5], copy.ToArray());
        var middle = new byte[2];
        file.CopyBytes("x", 3, middle);
        Assert.Equal([4, 5], middle);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.CopyBytes("x", 4, middle));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.CopyBytes("x", -1, middle));
    }

    [Fact]
    public void A_missing_tensor_is_named_with_the_nearest_other()
    {
        using var file = SafetensorsFile.Open(TestFiles.Golden("models", "bert-classify", "model.safetensors"));
        string message = Assert.Throws<PolymathException>(() => file.Read("encoder.pooler.dense.weight")).Message;
        Assert.Contains("no tensor 'encoder.pooler.dense.weight'", message);
        Assert.Contains(".dense.weight'", message[message.IndexOf("there is '", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Many_threads_read_one_file()
    {
        using var file = SafetensorsFile.Open(TestFiles.Golden("models", "bert-classify", "model.safetensors"));
        var expected = file.Tensors.Keys.ToDictionary(name => name, file.ReadFloats);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            foreach (var (name, values) in expected)
            {
                using var read = file.Read(name);
                Assert.True(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(read.bytes).SequenceEqual(values));
            }
        });
    }

    [Fact]
    public void A_disposed_file_says_so()
    {
        var file = SafetensorsFile.Open(TestFiles.Golden("training", "classical.safetensors"));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReadFloats("cka.a"));
    }
}
